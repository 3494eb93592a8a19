"""The voting page and what it asks of the server: a bundle, to keep answers, to hold a bundle, to give it back."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from annotation.errors import AnnotationError
from annotation.models import Assignment, Campaign, Participation, Worker
from annotation.selectors.practice import needed_first
from annotation.selectors.progress import worker_progress
from annotation.selectors.standing import why_nothing
from annotation.services.assignments import assignment_claim, assignment_heartbeat, assignment_return, client_note
from annotation.services.participations import consent_give, participation_get, practice_finish
from annotation.services.tickets import Ticket, ticket_read
from annotation.services.votes import votes_record
from annotation.views.answers import read_answer, read_answers, read_client, whole_number
from annotation.views.bundle import assignment_json, practice_json
from annotation.views.doorway import json_body, json_doorway
from annotation.views.vote_texts import vote_texts
from annotation.views.voter import campaign_for


@require_safe
@login_not_required
@ensure_csrf_cookie
def vote(request: HttpRequest, slug: str) -> HttpResponse:
    campaign, worker = campaign_for(request, slug)
    if worker is None:
        return redirect_to_login(request.get_full_path())
    guest = not request.user.is_authenticated
    context = {"campaign": campaign, "worker": worker, "guest": guest, "texts": vote_texts()}
    return render(request, "annotation/vote.html", context)


def _entered(request: HttpRequest, slug: str) -> tuple[Campaign, Worker, Participation]:
    campaign, worker = campaign_for(request, slug)
    if worker is None:
        raise _SignInFirst("Sign in first.")
    return campaign, worker, participation_get(campaign=campaign, worker=worker)


class _SignInFirst(AnnotationError):
    status = 401


@require_POST
@login_not_required
@json_doorway
def claim(request: HttpRequest, slug: str) -> HttpResponseBase:
    campaign, worker, participation = _entered(request, slug)
    needed = needed_first(participation)
    if needed == "practice":
        return JsonResponse({"needs": needed, "items": practice_json(participation)})
    if needed:
        return JsonResponse({"needs": needed})
    about = read_client(json_body(request).get("client"))
    assignment = assignment_claim(campaign=campaign, worker=worker, participation=participation)
    if assignment is not None and about:
        client_note(assignment=assignment, about=about)
    if assignment is None:
        participation.refresh_from_db()
        done = worker_progress(worker, campaign)
        why = why_nothing(participation)
        return JsonResponse({"done": True, "why": why, "votes": done.votes, "hits": done.hits})
    return JsonResponse(assignment_json(assignment, campaign))


@require_POST
@login_not_required
@json_doorway
def consent(request: HttpRequest, slug: str) -> HttpResponseBase:
    _, _, participation = _entered(request, slug)
    consent_give(participation=participation)
    return JsonResponse({"consented": True})


@require_POST
@login_not_required
@json_doorway
def practice(request: HttpRequest, slug: str) -> HttpResponseBase:
    _, _, participation = _entered(request, slug)
    rows = json_body(request).get("answers")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnnotationError("answers must be a list of objects.")
    answers = {
        whole_number(row, "question", f"answers[{at}]"): read_answer(row.get("answer"), f"answers[{at}].answer")
        for at, row in enumerate(rows)
    }
    right, given = practice_finish(participation=participation, answers=answers)
    return JsonResponse({"right": right, "given": given})


# The three below are let in by the HIT's ticket and by nothing that a browser sends by itself, so no other site can
# make somebody's browser send them; and they work when the sign-in has ended.


@csrf_exempt
@require_POST
@login_not_required
@json_doorway
def votes(request: HttpRequest, slug: str) -> HttpResponseBase:
    body = json_body(request)
    ticket = ticket_read(body.get("ticket"))
    answers = read_answers(body)
    submit = body.get("submit", True)
    receipt = votes_record(
        assignment_id=ticket.assignment_id, worker=_worker(ticket), answers=answers, submit=submit is not False
    )
    return JsonResponse(
        {
            "saved": [str(client_id) for client_id in receipt.saved],
            "uncounted": {str(client_id): reason for client_id, reason in receipt.uncounted.items()},
            "remaining": receipt.remaining,
            "submitted": receipt.submitted,
        }
    )


def _worker(ticket: Ticket) -> Worker:
    """The ticket's worker by key alone: we signed it, and whose an assignment is, each service asks again."""
    return Worker(pk=ticket.worker_id)


@csrf_exempt
@require_POST
@login_not_required
@json_doorway
def heartbeat(request: HttpRequest, slug: str) -> HttpResponseBase:
    ticket = ticket_read(json_body(request).get("ticket"))
    until = assignment_heartbeat(assignment_id=ticket.assignment_id, worker=_worker(ticket))
    return JsonResponse({"held": until is not None, "lease_until": until and until.isoformat()})


@csrf_exempt
@require_POST
@login_not_required
@json_doorway
def give_back(request: HttpRequest, slug: str) -> HttpResponseBase:
    ticket = ticket_read(json_body(request).get("ticket"))
    assignment_return(assignment_id=ticket.assignment_id, worker=_worker(ticket))
    status = Assignment.objects.values_list("status", flat=True).get(pk=ticket.assignment_id)
    return JsonResponse({"returned": ticket.assignment_id, "status": status})
