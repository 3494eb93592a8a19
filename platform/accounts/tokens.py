"""Tokens of programs: random, kept as hashes, good for reading and for some days."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone, translation

from accounts.models import ApiToken, User

View = Callable[..., HttpResponseBase]
MAX_DAYS = 366
_PREFIX = "semblance_"


def token_create(*, user: User, days: int, name: str = "") -> tuple[ApiToken, str]:
    """Make a token. Returns its row and the token, which nobody can read again.

    Raises:
        ValidationError: It would be good for less than a day or more than a year.
    """
    if not 1 <= days <= MAX_DAYS:
        raise ValidationError(f"A token is good for 1 to {MAX_DAYS} days, not {days}.")
    token = _PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(user=user, name=name, sha256=_hash(token), expires=timezone.now() + timedelta(days=days))
    made.full_clean()
    made.save()
    return made, token


def token_user(header: str) -> User | None:
    """The active user whose token an Authorization header holds, or None."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(_PREFIX):
        return None
    # 256 random bits need no slow hash: nobody finds them by trying.
    found = ApiToken.objects.filter(sha256=_hash(token.strip()), expires__gt=timezone.now(), user__is_active=True)
    row = found.select_related("user").first()
    return row.user if row else None


def token_required(view: View) -> View:
    """Let programs of researchers and admins read; JSON says why others may not.

    A browser's session is no token: what a page of another site could make a browser send opens nothing here.
    """

    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return JsonResponse({"message": "Tokens only read."}, status=405, headers={"Allow": "GET, HEAD"})
        user = token_user(request.headers.get("Authorization", ""))
        if user is None:
            refused = JsonResponse({"message": "The token is missing, unknown or has expired."}, status=401)
            refused["WWW-Authenticate"] = "Bearer"
            return refused
        if not user.runs_campaigns:
            return JsonResponse({"message": "Only researchers and admins may read this."}, status=403)
        request.user = user
        with translation.override("en"):
            response = view(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-cache"
        return response

    return guarded


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
