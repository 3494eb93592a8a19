"""Time and money as people read them, in their language."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

# What one question takes, roughly; said before anybody has answered one.
_SECONDS_A_QUESTION = 6


def duration_text(seconds: int) -> str:
    """Hours and minutes; nothing finer, it is no race."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return gettext("under a minute") if seconds else gettext("no time yet")
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return ngettext("%(minutes)d minute", "%(minutes)d minutes", minutes) % {"minutes": minutes}
    return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


def money_text(cents: int, currency: str) -> str:
    amount = number_format(Decimal(cents) / 100, decimal_pos=2, force_grouping=True)
    return f"{amount} {currency}"


def bundle_minutes(questions: int) -> int:
    """About how long a bundle takes, in whole minutes."""
    return max(1, round(questions * _SECONDS_A_QUESTION / 60))
