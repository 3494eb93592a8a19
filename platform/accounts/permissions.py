"""Who may open which door. Objects are filtered by querysets (`visible_to`); these guards are about roles."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from accounts.models import User

View = Callable[..., HttpResponseBase]


def signed_in(request: HttpRequest) -> User:
    """The user of a request behind the login wall (LoginRequiredMiddleware lets nobody else through)."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def researcher_required(view: View) -> View:
    """Let researchers and admins through; anybody else gets 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not signed_in(request).runs_campaigns:
            raise PermissionDenied
        with translation.override("en"):  # what researchers read is not translated, so its numbers are English too
            return view(request, *args, **kwargs)

    return guarded
