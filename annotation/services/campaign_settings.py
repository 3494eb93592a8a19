"""Settings of a campaign: checked, and changed while that is still possible."""

import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from annotation.crowd.registry import CHANNELS
from annotation.errors import AnnotationError, WrongState
from annotation.models import Campaign, Question, Round
from annotation.quality.registry import AGGREGATORS, LABEL_AGGREGATORS
from annotation.selectors.campaign_settings import COUNTED_BY, SETTINGS, settings_fixed
from annotation.selectors.votes import COUNTED
from annotation.services.consensus import consensus_recount
from annotation.services.golds import probes_prepare
from annotation.services.invitations import invitation_make
from annotation.services.proposals import round_propose_balanced

_CURRENCY = re.compile(r"[A-Z]{3}")
# Rounds that are proposed already hold questions of a kind, in bundles of a size.
_PROPOSED_WITH = frozenset(("kind", "hit_size"))
# Which questions are known beforehand depends on these, and what is known is not asked.
_KNOWN_BY = frozenset(("kind", "choices", "label", "golds_first", "golds_later", "attention", "practice"))


def campaign_check(campaign: Campaign) -> None:
    """Refuse settings that make no sense.

    Raises:
        AnnotationError: One sentence that names the field.
    """
    _clean(campaign.clean_fields)
    _known("channel", campaign.channel, CHANNELS)
    _known("aggregator", campaign.aggregator, AGGREGATORS)
    _known("label_aggregator", campaign.label_aggregator, LABEL_AGGREGATORS)
    first, whole = campaign.votes_first, campaign.votes_per_question
    if campaign.votes_for_label > whole:
        raise AnnotationError(
            f"label_threshold is {campaign.label_threshold}; it must be at most votes_per_question, which is {whole}."
        )
    if first is not None and first >= whole:
        raise AnnotationError(f"votes_first is {first}; it must be less than votes_per_question, which is {whole}.")
    if not _CURRENCY.fullmatch(campaign.currency):
        raise AnnotationError("currency must be the three capital letters of a currency, such as EUR.")
    probes = max(campaign.golds_first, campaign.golds_later) + campaign.repeats + campaign.attention
    if probes > campaign.hit_size:
        raise AnnotationError(
            f"golds_first, golds_later, repeats and attention put up to {probes} checks among {campaign.hit_size} "
            f"questions; there must not be more checks than questions."
        )
    _clean(campaign.full_clean)


def _clean(clean: Callable[[], None]) -> None:
    """Turn the first complaint into one sentence with the field's name."""
    try:
        clean()
    except ValidationError as wrong:
        field, sentences = next(iter(wrong.message_dict.items()))
        raise AnnotationError(sentences[0] if field == NON_FIELD_ERRORS else f"{field}: {sentences[0]}") from wrong


def _known(field: str, value: str, registry: dict[str, str]) -> None:
    if value not in registry:
        raise AnnotationError(f"{field} {value!r} is unknown; there are {', '.join(sorted(registry))}.")


def campaign_change(*, campaign: Campaign, **changes: Any) -> Campaign:
    """Change settings of a campaign; all of them, or none.

    In a draft, a first round that a balanced design proposed is proposed again where its questions would be others.
    Where votes are to be counted by another method, they are counted first: pages never show a method without results.

    Args:
        campaign: What is changed.
        changes: New values by field, of those in SETTINGS; what equals the present value changes nothing.

    Raises:
        WrongState: A field can not change any more.
        AnnotationError: A field is unknown, or makes no sense, or the votes cannot be counted by that method.
    """
    if unknown := set(changes) - SETTINGS:
        raise AnnotationError(f"{min(unknown)} is not a setting that can be changed.")
    counted = _count_by({name: value for name, value in changes.items() if name in COUNTED_BY}, campaign)
    with transaction.atomic():
        changed = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
        fresh = {name: value for name, value in changes.items() if getattr(changed, name) != value}
        if fixed := settings_fixed(changed) & set(fresh):
            raise WrongState(f"{min(fixed)} can not change any more: people have been asked under it.")
        for name, value in fresh.items():
            setattr(changed, name, value)
        campaign_check(changed)
        if "access" in fresh:
            invitation_make(campaign=changed)
        changed.save(update_fields=[*fresh, "invitation"])
        if changed.status == Campaign.Status.DRAFT:
            _draft_again(changed, set(fresh))
        elif changed.status != Campaign.Status.CLOSED:
            probes_prepare(campaign=changed)
    if counted is not None and counted != _rounds_counted(changed):
        consensus_recount(campaign=changed)  # a round was closed meanwhile, and counted by the method before
    return changed


def _count_by(method: dict[str, Any], campaign: Campaign) -> list[int] | None:
    """Count the votes by other settings, without saving these; returns the rounds, or None where none differs."""
    other = Campaign.objects.get(pk=campaign.pk)
    if all(getattr(other, name) == value for name, value in method.items()):
        return None
    for name, value in method.items():
        setattr(other, name, value)
    campaign_check(other)
    rounds = _rounds_counted(other)
    consensus_recount(campaign=other)
    return rounds


def _rounds_counted(campaign: Campaign) -> list[int]:
    return list(campaign.rounds.filter(status__in=COUNTED).order_by("pk").values_list("pk", flat=True))


def _draft_again(campaign: Campaign, fresh: set[str]) -> None:
    """Make a draft's questions anew, as far as they would be others: known ones first, since those are not asked.

    Raises:
        WrongState: The kind or the size of bundles is to be another, and a round came from elsewhere than a design.
    """
    if not fresh & (_PROPOSED_WITH | _KNOWN_BY):
        return
    proposed = list(campaign.rounds.filter(status=Round.Status.PROPOSED).order_by("number"))
    elsewhere = next((one for one in proposed if one.origin.get("design") != "balanced"), None)
    if elsewhere is not None and fresh & _PROPOSED_WITH:
        raise WrongState(f"kind and hit_size are those of round {elsewhere.number}, which can not be made again.")
    if elsewhere is not None:
        proposed = []
    _forget_known(campaign, fresh)
    for one in proposed:
        one.delete()
    probes_prepare(campaign=campaign)
    for one in proposed:
        origin = one.origin
        round_propose_balanced(
            campaign=campaign,
            per_stimulus=origin["per_stimulus"],
            seed=origin["seed"],
            subset=origin.get("subset", False),
        )


def _forget_known(campaign: Campaign, fresh: set[str]) -> None:
    """Drop known questions that make no sense any more: of a kind that is not asked, or with labels by old numbers."""
    known = campaign.questions.exclude(role=Question.Role.ASKED)
    if campaign.kind != Campaign.Kind.BOTH:
        known.exclude(kind=campaign.kind).delete()
    if "choices" in fresh:
        known.filter(kind=Question.Kind.LABEL).delete()
