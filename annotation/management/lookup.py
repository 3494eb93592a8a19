"""What commands are told by name."""

from django.core.management.base import CommandError

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
