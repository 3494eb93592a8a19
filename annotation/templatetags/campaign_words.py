"""A campaign's words as those who answer read them."""

from django import template
from django.utils.translation import gettext

from annotation.models.campaign import DEFAULT_INSTRUCTIONS, DEFAULT_LABEL_PROMPT, DEFAULT_PROMPT, default_choices

register = template.Library()
_DEFAULTS = frozenset({DEFAULT_PROMPT, DEFAULT_INSTRUCTIONS, DEFAULT_LABEL_PROMPT})


@register.filter
def in_their_language(words: str) -> str:
    """A text of the campaign: ours in the reader's language, a researcher's own exactly as it was written."""
    return gettext(words) if words in _DEFAULTS else words


@register.filter
def labels_in_their_language(choices: list[str]) -> list[str]:
    """The labels, likewise; but ours among a researcher's own stay as they are, or there would be two languages."""
    return [gettext(label) for label in choices] if choices == default_choices() else choices
