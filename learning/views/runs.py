"""One run: its page, what moves on it, and the button that stops it."""

from django.contrib import messages
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import researcher_required, signed_in
from learning.errors import LearningError
from learning.models import Evaluation, Run
from learning.registry import LABELS
from learning.selectors import comparison_rows
from learning.services.runs import run_cancel
from learning.views.evaluation import evaluation_figure
from learning.views.figures import comparison, duration, run_row


def run_or_404(request: HttpRequest, pk: int) -> Run:
    runs = Run.objects.visible_to(signed_in(request)).select_related("campaign__collection", "dataset__round")
    return get_object_or_404(runs, pk=pk)


@require_safe
@researcher_required
def run(request: HttpRequest, pk: int) -> HttpResponse:
    shown = run_or_404(request, pk)
    evaluation = Evaluation.objects.filter(run=shown).first()
    took = (shown.finished - shown.started).total_seconds() if shown.finished and shown.started else None
    context = {
        "section": "campaigns",
        "tab": "learning",
        "run": shown,
        "campaign": shown.campaign,
        "title": LABELS.get(shown.model, shown.model),
        "row": run_row(shown),
        "took": duration(took),
        "config": sorted(shown.config.items()),
        "evaluation": None if evaluation is None else evaluation_figure(evaluation.metrics),
        "comparison": comparison(comparison_rows(shown.campaign, shown.dataset)),
        "has_curves": "iterations" in shown.config,
        "has_map": shown.status == Run.Status.DONE and bool(shown.embedding_file),
    }
    return render(request, "learning/run.html", context)


@require_safe
@researcher_required
@never_cache
def run_progress(request: HttpRequest, pk: int) -> JsonResponse:
    shown = run_or_404(request, pk)
    row = run_row(shown)
    progress = shown.progress
    return JsonResponse(
        {
            "status": shown.status,
            "status_text": shown.get_status_display(),
            "over": shown.is_over,
            "iteration": progress.get("iteration", 0),
            "total": progress.get("total", 0),
            "percent": row.percent,
            "eta": row.eta,
            "losses": progress.get("losses") or {},
            "history": progress.get("history") or [],
            "best_iteration": progress.get("best_iteration"),
            "error": shown.error,
        }
    )


@require_safe
@researcher_required
def run_encoder(request: HttpRequest, pk: int) -> FileResponse:
    """The trained encoder as ONNX."""
    shown = run_or_404(request, pk)
    if not shown.encoder_file:
        raise Http404("This run has no encoder to download.")
    name = f"semblance-run-{shown.pk}-{shown.model}.onnx"
    return FileResponse(default_storage.open(shown.encoder_file, "rb"), as_attachment=True, filename=name)


@require_POST
@researcher_required
def run_stop(request: HttpRequest, pk: int) -> HttpResponse:
    shown = run_or_404(request, pk)
    try:
        with transaction.atomic():
            stopped = run_cancel(run=shown)
        done = stopped.status == Run.Status.CANCELLED
        messages.success(request, "The run is cancelled." if done else "The run stops at its next sign of life.")
    except LearningError as refused:
        messages.error(request, refused.message)
    return redirect("learning:run", pk)
