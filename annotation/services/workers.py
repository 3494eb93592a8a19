"""Workers: who answers, on which channel. Their pseudonyms say nothing about them."""

import secrets

from accounts.models import User
from annotation.models import Worker


def pseudonym_make() -> str:
    """A new pseudonym, drawn by chance."""
    return f"w-{secrets.token_hex(6)}"


def worker_get(*, channel: str, external_id: str, user: User | None = None) -> Worker:
    """The worker of that id on that channel, made at first sight."""
    worker, _ = Worker.objects.get_or_create(
        channel=channel,
        external_id=external_id,
        defaults={"user": user, "pseudonym": pseudonym_make()},
    )
    return worker


def worker_for_user(*, user: User) -> Worker:
    """The worker that a signed-in person is on the local channel."""
    return worker_get(channel="local", external_id=f"user:{user.pk}", user=user)


def guest_make() -> Worker:
    """A worker without an account; nothing but a browser's session leads to it."""
    return worker_get(channel="guest", external_id=secrets.token_hex(16))
