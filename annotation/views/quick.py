"""The shortest way in, for the commonest request: one fresh answer by its ticket.

It is let in by nothing but the ticket, so it goes ahead of all that asks for session, user, language and messages,
which is a good part of what a request costs; and of what computes headers: an answer in JSON that nobody frames and
that loads nothing says so with constant ones. Only success is answered here. Whatever else comes of it (a bad body, a
lost lease, a repetition, several answers) goes on to `voting.votes`, as if nobody had looked, and is answered there.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from annotation.errors import AnnotationError
from annotation.services.tickets import ticket_read
from annotation.services.votes_quick import vote_record_quick
from annotation.views.answers import read_answers
from annotation.views.doorway import json_body

# What the address "annotation:votes" looks like; to ask the resolver takes as long as all the rest of this.
_HEADERS = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Frame-Options": "DENY"}
ADDRESS = re.compile(r"/annotate/[-a-zA-Z0-9_]+/votes/")


class QuickVotes:
    """Middleware. What makes the connection secure stands before it, all the rest behind it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and ADDRESS.fullmatch(request.path_info):
            return _saved(request) or self.get_response(request)
        return self.get_response(request)


def _saved(request: HttpRequest) -> HttpResponseBase | None:
    """The answer to a vote that is in the database now; None, and nothing is changed, where it needs the view."""
    request.get_host()  # refuses hosts that are not ours, as CommonMiddleware does
    try:
        body = json_body(request)
        if body.get("submit") is not False:
            return None
        ticket, answers = ticket_read(body.get("ticket")), read_answers(body)
    except AnnotationError:
        return None
    if len(answers) > 1 or not vote_record_quick(ticket=ticket, answer=answers[0]):
        return None
    response = JsonResponse({"saved": [str(answers[0].client_id)], "uncounted": {}}, headers=_HEADERS)
    response["Content-Length"] = str(len(response.content))  # which CommonMiddleware sets, too
    return response
