"""One kind of question on the quality page: every figure as its template shows it."""

import math
from dataclasses import dataclass

from annotation.models import Campaign, Question, Worker
from annotation.quality.alpha import Agreement
from annotation.quality.bootstrap import Estimate
from annotation.quality.conduct import DEFAULTS
from annotation.selectors.quality import Quality
from annotation.views.quality_cards import cards_of
from annotation.views.quality_figures import (
    NOTHING,
    WHOLE,
    Column,
    Dot,
    Ranged,
    axis_for,
    margin_columns,
    people_dots,
    plain_text,
    ranged,
    share_text,
    skill_axis,
    time_columns,
    time_marks,
    time_text,
)
from annotation.views.questions import QuestionCard

_SOURCES = {
    "standing": "the standing table, measured on six public sets of votes",
    "gold": "this campaign’s questions whose answer is known",
    "posterior": "the model of workers, fitted to this campaign’s votes",
    "others": "the votes of other people on the same questions",
}


@dataclass(frozen=True)
class Forest:
    """Figures with intervals under each other, on one axis."""

    rows: list[Ranged]
    ticks: list[tuple[str, str]]


@dataclass(frozen=True)
class LabelBar:
    """A label with a bar as wide as its share of the votes."""

    name: str
    votes: str
    share: str
    kept: str


@dataclass(frozen=True)
class Block:
    """What the page says about one kind of question."""

    kind: str
    title: str
    facts: list[tuple[str, str, str]]  # name, figure, detail
    headline: list[Ranged]
    ceiling: Forest
    parts: Forest
    part_rows: list[list[str]]
    margins: list[list[str]]
    margin_columns: list[Column]
    source: str
    method: str
    disputed: list[QuestionCard]
    left: Ranged | None
    dots: list[Dot]
    dot_ticks: list[tuple[str, str]]
    leaning: int
    people: int
    time_facts: list[tuple[str, str, str]]
    time_columns: list[Column]
    time_marks: list[tuple[str, str]]
    labels: list[LabelBar]
    kept: str


def block_of(campaign: Campaign, quality: Quality) -> Block:
    label = quality.kind == Question.Kind.LABEL
    chance = 1 / quality.votes.table.n_choices
    result, people = quality.fitted.result, quality.people
    dot_axis = skill_axis(people) if people else WHOLE
    calibration = quality.fitted.calibration
    return Block(
        kind=quality.kind,
        title="Labels" if label else "Triplets",
        facts=_facts(quality),
        headline=_headline(quality, chance),
        ceiling=_ceiling(quality, chance),
        parts=_parts(quality),
        part_rows=_part_rows(quality),
        margins=[
            [
                "Tie" if one.margin == 0 else str(one.margin),
                f"{one.questions:,}",
                share_text(one.share),
                share_text(one.right),
                plain_text(one.weight),
            ]
            for one in quality.margins
        ],
        margin_columns=margin_columns(quality.margins),
        source=_SOURCES[calibration.source] if calibration else "how often two people agree",
        method=result.method,
        disputed=cards_of(campaign, quality.votes.keys, quality.disputed, result),
        left=_left(quality),
        dots=people_dots(people, _pseudonyms(quality), dot_axis) if people and not label else [],
        dot_ticks=dot_axis.ticks(),
        leaning=people.leaning if people else 0,
        people=len(people.all) if people else 0,
        time_facts=_time_facts(quality),
        time_columns=time_columns(quality.times),
        time_marks=time_marks(),
        labels=_labels(quality),
        kept=_kept(campaign, quality),
    )


def _pseudonyms(quality: Quality) -> dict[int, str]:
    return dict(Worker.objects.filter(pk__in=quality.votes.workers.tolist()).values_list("pk", "pseudonym"))


def _facts(quality: Quality) -> list[tuple[str, str, str]]:
    table, asked = quality.votes.table, len(quality.votes.keys)
    people = len(quality.people.all) if quality.people else 0
    facts = [
        ("Votes", f"{len(table):,}", ""),
        ("Questions", f"{quality.questions:,}", f"of {asked:,}" if asked > quality.questions else ""),
        ("Votes a question", f"{len(table) / quality.questions:.2f}", ""),
        ("People", f"{people:,}", ""),
    ]
    if quality.unsure:
        whole = quality.unsure + len(table)
        facts.append(("Can’t tell", share_text(quality.unsure / whole), f"{quality.unsure:,} of {whole:,}"))
    return facts


def _headline(quality: Quality, chance: float) -> list[Ranged]:
    found = quality.agreement
    pairs = f"{found.pairs:,} pairs of votes on {found.questions:,} questions"
    beyond = axis_for((found.alpha, found.kappa), 0.0)
    low = (
        "Hard triplets make it low by nature: people who are right with 84 % together can have .18."
        if quality.kind == Question.Kind.TRIPLET
        else "A label that nearly everybody gives makes it low by nature."
    )
    return [
        ranged(
            "Percent agreement",
            found.percent,
            WHOLE,
            percent=True,
            limit=chance,
            detail=pairs,
            note=f"How often two people say the same about the same question. Guessing gives {100 * chance:.0f} %.",
        ),
        ranged(
            "Krippendorff’s α",
            found.alpha,
            beyond,
            percent=False,
            limit=0.0,
            note=f"Agreement beyond chance: 0 is what guessing gives, 1 is perfect. {low}",
        ),
        ranged(
            "Fleiss’ κ",
            found.kappa,
            beyond,
            percent=False,
            limit=0.0,
            note="The same question asked another way: every question counts alike, however many votes it has. "
            "It is low for the same reason, and no verdict on the crowd.",
        ),
    ]


def _ceiling(quality: Quality, chance: float) -> Forest:
    found = quality.ceiling
    rows: list[tuple[str, Estimate, str]] = [
        ("One person predicts another", found.pair, "Two people, one question."),
        (
            "The others’ majority predicts a person",
            found.others,
            "What an embedding can reach on single votes without having seen them.",
        ),
        (
            "Knowing every majority",
            found.plurality,
            "No embedding can beat this on the same votes. It flatters, for each vote helped to make its majority.",
        ),
        (
            "The answers are right",
            found.answers,
            "So often the aggregated answers are right, if the method is; against them an embedding that knows the "
            "truth scores this.",
        ),
    ]
    axis = axis_for([estimate for _, estimate, _ in rows], chance)
    return Forest([ranged(name, one, axis, percent=True, note=note) for name, one, note in rows], axis.ticks())


def _parts(quality: Quality) -> Forest:
    named = _named_parts(quality)
    axis = axis_for([one.alpha for _, one in named], 0.0)
    rows = [ranged(name, one.alpha, axis, percent=False, limit=0.0) for name, one in named]
    ticks = [
        (axis.at(number / 5), f"{number / 5:.1f}".replace("-", "−")) for number in range(math.ceil(5 * axis.low), 6)
    ]
    return Forest(rows, ticks)


def _named_parts(quality: Quality) -> list[tuple[str, Agreement]]:
    rounds = [(f"Round {number}", one) for number, one in quality.by_round]
    return [("All", quality.agreement), *(rounds if len(rounds) > 1 else []), *quality.by_split]


def _part_rows(quality: Quality) -> list[list[str]]:
    return [
        [
            name,
            f"{one.questions:,}",
            share_text(one.percent.value),
            plain_text(one.alpha.value),
            _range(one.alpha),
            plain_text(one.kappa.value),
            _range(one.kappa),
        ]
        for name, one in _named_parts(quality)
    ]


def _range(estimate: Estimate) -> str:
    return NOTHING if math.isnan(estimate.low) else f"{plain_text(estimate.low)}–{plain_text(estimate.high)}"


def _left(quality: Quality) -> Ranged | None:
    left = quality.left
    if left is None:
        return None
    estimate = Estimate(left.share, left.low, left.high)
    detail = f"{left.left:,} of {left.given:,}"
    return ranged("Answers on the left", estimate, WHOLE, percent=True, detail=detail, limit=0.5)


def _time_facts(quality: Quality) -> list[tuple[str, str, str]]:
    times = quality.times
    shares = [
        (f"Under {DEFAULTS.invalid_ms} ms", times.invalid),
        (f"Under {DEFAULTS.fast_ms} ms", times.fast),
        (f"Over {DEFAULTS.idle_ms // 1000} s", times.idle),
    ]
    facts = [("Median", time_text(times.median_ms), "")]
    return facts + [(name, share_text(count / max(times.answers, 1)), f"{count:,}") for name, count in shares]


def _labels(quality: Quality) -> list[LabelBar]:
    votes = max(sum(one.votes for one in quality.labels), 1)
    return [
        LabelBar(one.name, f"{one.votes:,}", f"{100 * one.votes / votes:.1f}", f"{one.kept:,}")
        for one in quality.labels
    ]


def _kept(campaign: Campaign, quality: Quality) -> str:
    """How many stimuli keep a label, and what that takes."""
    kept, asked = sum(one.kept for one in quality.labels), quality.questions
    return f"{kept:,} of {asked:,} stimuli keep a label: {campaign.votes_for_label} votes or more agree on it."
