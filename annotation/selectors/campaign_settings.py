"""Settings of a campaign: which there are, and which can not change any more."""

from annotation.models import Campaign, Round

# What answers mean depends on these, so the first round that is opened fixes them.
_FIXED_BY_OPENING = frozenset(("kind", "choices", "cant_tell", "votes_per_question", "votes_first"))
# What people were promised before they began.
_FIXED_BY_STARTING = frozenset(("reward_cents", "currency"))
# How votes are counted: after another choice they are counted again, and frozen datasets stay as they are.
COUNTED_BY = frozenset(("aggregator", "weighting", "label_aggregator"))
# What still makes sense when nobody is asked any more.
_NEVER_FIXED = frozenset(("name", "label", "label_threshold")) | COUNTED_BY
SETTINGS = (
    _NEVER_FIXED
    | _FIXED_BY_OPENING
    | _FIXED_BY_STARTING
    | frozenset(("prompt", "label_prompt", "instructions", "consent", "thanks", "access", "break_minutes"))
    | frozenset(("hit_size", "max_share", "lease_minutes"))
    | frozenset(("golds_first", "golds_later", "repeats", "attention", "practice"))
)


def settings_fixed(campaign: Campaign) -> frozenset[str]:
    """Fields that are fixed by now: some when the campaign starts, more when a round opens, nearly all at its end."""
    if campaign.status == Campaign.Status.CLOSED:
        return SETTINGS - _NEVER_FIXED
    fixed: frozenset[str] = frozenset()
    if campaign.status != Campaign.Status.DRAFT:
        fixed |= _FIXED_BY_STARTING
    if campaign.rounds.exclude(status=Round.Status.PROPOSED).exists():
        fixed |= _FIXED_BY_OPENING
    return fixed
