"""The voting page and the three things that it asks of the server: a bundle, to keep answers, to give a bundle back."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.permissions import signed_in
from annotation.models import Assignment, Campaign, Stimulus
from annotation.selectors.progress import worker_progress
from annotation.selectors.queue import assignment_questions
from annotation.services.assignments import assignment_claim, assignment_return
from annotation.services.votes import votes_record
from annotation.services.workers import worker_for_user
from annotation.views.answers import read_answers, whole_number
from annotation.views.doorway import json_body, json_doorway, picture_url


def _answerable(user: User, slug: str) -> Campaign:
    """A campaign that this person may answer, now or before: closed rounds still explain themselves on the page."""
    campaign = get_object_or_404(Campaign, slug=slug)
    if campaign.status == Campaign.Status.DRAFT and campaign.owner_id != user.pk and not user.is_admin:
        raise Http404
    return campaign


@require_safe
@ensure_csrf_cookie
def vote(request: HttpRequest, slug: str) -> HttpResponse:
    user = signed_in(request)
    campaign = _answerable(user, slug)
    return render(request, "annotation/vote.html", {"campaign": campaign, "user_id": user.pk})


@require_POST
@json_doorway
def claim(request: HttpRequest, slug: str) -> HttpResponseBase:
    user = signed_in(request)
    campaign = _answerable(user, slug)
    worker = worker_for_user(user=user)
    assignment = assignment_claim(campaign=campaign, worker=worker)
    if assignment is None:
        done = worker_progress(worker, campaign)
        return JsonResponse({"done": True, "votes": done.votes, "hits": done.hits, "paused": _is_paused(campaign)})
    return JsonResponse(_assignment_json(assignment))


def _is_paused(campaign: Campaign) -> bool:
    return campaign.status == Campaign.Status.PAUSED


def _assignment_json(assignment: Assignment) -> dict[str, object]:
    questions = assignment_questions(assignment)
    total = assignment.hit.questions.count()
    return {
        "assignment": assignment.pk,
        "lease_until": assignment.lease_until.isoformat(),
        "total": total,
        "answered": total - len(questions),
        "questions": [
            {
                "id": one.question_id,
                "reference": _picture(one.reference, "Reference picture"),
                "left": _picture(one.left, "Left picture"),
                "right": _picture(one.right, "Right picture"),
            }
            for one in questions
        ],
    }


def _picture(stimulus: Stimulus, place: str) -> dict[str, str]:
    """The text says where the picture is and never what it shows: a key or label in it could decide the answer."""
    return {"url": picture_url(stimulus), "alt": place}


@require_POST
@json_doorway
def votes(request: HttpRequest, slug: str) -> HttpResponseBase:
    user = signed_in(request)
    _answerable(user, slug)
    assignment_id, answers = read_answers(json_body(request))
    receipt = votes_record(assignment_id=assignment_id, worker=worker_for_user(user=user), answers=answers)
    return JsonResponse(
        {
            "saved": [str(client_id) for client_id in receipt.saved],
            "superseded": [str(client_id) for client_id in receipt.superseded],
            "remaining": receipt.remaining,
            "submitted": receipt.submitted,
        }
    )


@require_POST
@json_doorway
def give_back(request: HttpRequest, slug: str) -> HttpResponseBase:
    user = signed_in(request)
    _answerable(user, slug)
    assignment_id = whole_number(json_body(request), "assignment")
    assignment_return(assignment_id=assignment_id, worker=worker_for_user(user=user))
    return JsonResponse({"returned": assignment_id})
