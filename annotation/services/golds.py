"""Questions whose answer is known: gold, attention checks, practice. Made from easy cases."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models import Count

from annotation.models import Campaign, Question, Split
from annotation.sampling.gold import Easy, Known, Triplets, easy_triplets, self_pairs
from annotation.selectors.known import known_of, own_choices

_Role = Question.Role
# The plan is met for a worker with so many HITs; who has more gets fewer gold questions.
_HITS = 10
_FIRST_HITS = 3
# Of the stimuli with a label of their own, at most one in so many is known beforehand and not asked for.
_LABELS_LEFT = 5


@dataclass(frozen=True)
class GoldsMade:
    """How many questions of each role were made. Fewer than asked for, where there are not so many easy cases."""

    gold: int = 0
    attention: int = 0
    practice: int = 0

    def __str__(self) -> str:
        return f"{self.gold} gold questions, {self.attention} attention checks, {self.practice} practice questions"


def probes_prepare(*, campaign: Campaign) -> GoldsMade:
    """Top up a campaign's known questions to what its plan needs; a second call makes nothing more.

    Labels can only be gold before they are asked for, so call this before a round is proposed.

    Raises:
        AnnotationError: A stimulus's action units are no numbers.
    """
    there = dict(
        campaign.questions.exclude(role=_Role.ASKED).order_by().values_list("role").annotate(count=Count("pk"))
    )
    later = _HITS - _FIRST_HITS
    wanted = {
        _Role.GOLD: _FIRST_HITS * campaign.golds_first + later * campaign.golds_later,
        _Role.ATTENTION: _HITS * campaign.attention,
        _Role.PRACTICE: campaign.practice,
    }
    missing = {role: max(count - there.get(role.value, 0), 0) for role, count in wanted.items()}
    return golds_make(
        campaign=campaign,
        gold=missing[_Role.GOLD],
        attention=missing[_Role.ATTENTION],
        practice=missing[_Role.PRACTICE],
        seed=campaign.seed + sum(there.values()),
    )


def golds_make(*, campaign: Campaign, gold: int = 0, attention: int = 0, practice: int = 0, seed: int = 0) -> GoldsMade:
    """Make known questions from easy cases that the campaign has not asked.

    Triplets are easy by the stimuli's measures and by the campaign's label. Labels are known where a stimulus's own
    label is one of the campaign's choices; a campaign that asks for both gets half of each. Attention checks show the
    reference beside something else, so a campaign that asks for labels only has none.

    Args:
        campaign: Whose questions they are.
        gold: Gold questions to make.
        attention: Attention checks to make.
        practice: Practice questions to make.
        seed: Of the draw.

    Raises:
        AnnotationError: A stimulus's action units are no numbers.
    """
    if not (gold or attention or practice):
        return GoldsMade()
    rng = np.random.default_rng(seed)
    # Practice comes first: with few easy cases, a worker without practice would be worse off than one with less gold.
    wanted = {_Role.PRACTICE: practice, _Role.GOLD: gold}
    labels = _label_questions(campaign, wanted, rng)
    for question in labels:
        wanted[_Role(question.role)] -= 1
    triplets: list[Question] = []
    if campaign.kind != Campaign.Kind.LABEL:
        triplets = list(_triplet_questions(campaign, {**wanted, _Role.ATTENTION: attention}, rng))
    made = labels + triplets
    with transaction.atomic():
        # What a round proposed at this very moment is asked by it.
        before = campaign.questions.exclude(role=_Role.ASKED).count()
        Question.objects.bulk_create(made, ignore_conflicts=True, batch_size=1000)
        rows = campaign.questions.exclude(role=_Role.ASKED).order_by("-pk")
        roles = list(rows.values_list("role", flat=True)[: rows.count() - before])
    return GoldsMade(*(roles.count(role.value) for role in (_Role.GOLD, _Role.ATTENTION, _Role.PRACTICE)))


def _triplet_questions(
    campaign: Campaign, wanted: dict[Question.Role, int], rng: np.random.Generator
) -> Iterator[Question]:
    """Known triplets, from the largest split on."""
    left = dict(wanted)
    sizes = campaign.collection.stimuli.order_by().values_list("split").annotate(count=Count("pk"))
    for split, _ in sorted(sizes, key=lambda row: (-row[1], row[0])):
        if not any(left.values()):
            return
        keys, known = known_of(campaign, split, rng)
        taken = _asked(campaign, split, keys)
        for role, count in list(left.items()):
            if role == _Role.ATTENTION:
                rows = self_pairs(known, count, taken=taken, rng=rng)
            else:
                rows = _easiest(known, count, taken, rng)
            left[role] -= len(rows)
            for reference, near, far in keys[rows].tolist():
                yield triplet_known(campaign, role, Split(split), reference, near, far)


def _easiest(known: Known, count: int, taken: set[tuple[int, int, int]], rng: np.random.Generator) -> Triplets:
    """Easy triplets; where measures and labels together give too few, less easy ones, then those by the label alone."""
    rows = easy_triplets(known, count, taken=taken, rng=rng)
    if known.labels is None:
        return rows
    for less, easy in ((known, Easy(near=0.10, ratio=1.25)), (Known(known.size, labels=known.labels), Easy())):
        if len(rows) < count:
            more = easy_triplets(less, count - len(rows), taken=taken, rng=rng, easy=easy)
            rows = np.concatenate([rows, more])
    return rows


def _asked(campaign: Campaign, split: int, keys: np.ndarray) -> set[tuple[int, int, int]]:
    """Triplets of the campaign, by places in keys."""
    place = {key: row for row, key in enumerate(keys.tolist())}
    asked = campaign.questions.filter(kind=Question.Kind.TRIPLET, split=split).values_list("reference", "a", "b")
    return {
        (place[r], *sorted((place[a or 0], place[b or 0])))  # type: ignore[misc]
        for r, a, b in asked.iterator()
        if r in place and a in place and b in place
    }


def triplet_known(
    campaign: Campaign, role: Question.Role, split: Split, reference: int, near: int, far: int
) -> Question:
    """A known triplet in canonical order, not saved. All by primary keys; the near one is the answer."""
    return Question(
        campaign=campaign,
        role=role,
        kind=Question.Kind.TRIPLET,
        reference_id=reference,
        a_id=min(near, far),
        b_id=max(near, far),
        split=split,
        expected="a" if near < far else "b",
    )


def _label_questions(campaign: Campaign, wanted: dict[Question.Role, int], rng: np.random.Generator) -> list[Question]:
    """Known labels, every choice as often as the others while there are stimuli of it."""
    if campaign.kind == Campaign.Kind.TRIPLET:
        return []
    own = own_choices(campaign)
    asked = campaign.questions.filter(kind=Question.Kind.LABEL)
    known = asked.exclude(role=_Role.ASKED).count()
    room = max(len(own) // _LABELS_LEFT - known, 0)
    gone = set(asked.values_list("reference", flat=True))
    queues: dict[str, list[int]] = {}
    for key in rng.permutation(np.array(sorted(set(own) - gone), dtype=np.int64)).tolist():
        queues.setdefault(own[key], []).append(key)
    order = [(turn, choice, key) for choice, keys in queues.items() for turn, key in enumerate(keys)]
    keys = [key for _, _, key in sorted(order)][:room]
    splits = dict(campaign.collection.stimuli.filter(pk__in=keys).values_list("pk", "split"))
    share = 2 if campaign.kind == Campaign.Kind.BOTH else 1
    made: list[Question] = []
    for role, count in wanted.items():
        for key in keys[len(made) :][: -(-count // share)]:
            made.append(label_known(campaign, role, Split(splits[key]), key, own[key]))
    return made


def label_known(campaign: Campaign, role: Question.Role, split: Split, stimulus: int, choice: str) -> Question:
    """A known label, not saved."""
    return Question(
        campaign=campaign,
        role=role,
        kind=Question.Kind.LABEL,
        reference_id=stimulus,
        split=split,
        expected=choice,
    )
