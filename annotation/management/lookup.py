"""What commands are told by name."""

from django.core.management.base import CommandError

from accounts.models import User
from annotation.models import Campaign


def campaign_named(slug: str) -> Campaign:
    """The campaign of that address.

    Raises:
        CommandError: There is none.
    """
    campaign = Campaign.objects.filter(slug=slug).first()
    if campaign is None:
        raise CommandError(f"There is no campaign {slug!r}.")
    return campaign


def owner_named(username: str | None, *, of: str) -> User:
    """The user of that name, or the only one who runs campaigns.

    Args:
        username: The name; None where it was not given.
        of: What will be theirs, for the message.

    Raises:
        CommandError: There is no such user, or several who run campaigns.
    """
    if username is not None:
        if (named := User.objects.filter(username=username).first()) is None:
            raise CommandError(f"There is no user {username!r}.")
        return named
    running = [user for user in User.objects.filter(is_active=True).order_by("pk") if user.runs_campaigns]
    if len(running) != 1:
        names = ", ".join(user.username for user in running[:5]) or "nobody yet (manage.py create_user)"
        raise CommandError(f"Say whose {of} these are with --owner: {names}.")
    return running[0]
