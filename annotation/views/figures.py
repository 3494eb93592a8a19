"""Figures of the campaign page in the form that its templates draw: bars in per cent, counts with separators."""

from dataclasses import dataclass

from annotation.models import Campaign, Round
from annotation.quality.agreement import AgreementRow, AgreementTable
from annotation.selectors.label_agreement import LabelTable
from annotation.selectors.progress import RoundProgress
from annotation.views.doorway import percent

# Depth of colour by place among the margins: the strongest agreement is the darkest.
_SHADES = ("m5", "m3", "m1")


@dataclass(frozen=True)
class Segment:
    """One piece of a bar, in per cent of its width."""

    start: str
    width: str
    shade: str
    text: str


@dataclass(frozen=True)
class AgreementFigure:
    """Table I with a bar for each of its rows."""

    header: list[str]
    rows: list[list[str]]
    bars: list[tuple[str, list[Segment]]]
    key: list[tuple[str, str]]


def agreement_figure(table: AgreementTable) -> AgreementFigure | None:
    """None while there is nothing to show."""
    if not table.rows or not any(row.total for row in table.rows):
        return None
    shades = [_shade(place) for place in range(len(table.levels))]
    return AgreementFigure(
        header=table.header(),
        rows=[[_cell(value) for value in row.values()] for row in table.to_rows()],
        bars=[(row.subset, _segments(row, table, shades)) for row in table.rows if row.total],
        key=[(shade, _level_name(level)) for shade, level in zip(shades, table.levels, strict=True)],
    )


def _shade(place: int) -> str:
    return _SHADES[min(place, len(_SHADES) - 1)]


def _level_name(level: int) -> str:
    return "tie" if level == 0 else f"margin {level}"


def _segments(row: AgreementRow, table: AgreementTable, shades: list[str]) -> list[Segment]:
    pieces, start = [], 0.0
    for level, count, shade in zip(table.levels, row.counts, shades, strict=True):
        width = 100 * count / row.total
        text = f"{_level_name(level)}: {count:,} of {row.total:,} ({width:.0f} %)"
        pieces.append(Segment(f"{start:.3f}", f"{width:.3f}", shade, text))
        start += width
    return pieces


def _cell(value: str | int | float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{100 * value:.1f} %"
    return f"{value:,}" if isinstance(value, int) else value


@dataclass(frozen=True)
class LabelFigure:
    """Labels with a bar for each, and the table of what they came to."""

    bars: list[tuple[str, str, str]]  # label, its votes, per cent of all votes
    header: list[str]
    rows: list[list[str]]
    threshold: int
    kept_header: list[str]
    kept_rows: list[list[str]]


def label_figure(table: LabelTable | None) -> LabelFigure | None:
    """None while there is nothing to show."""
    if table is None:
        return None
    names, votes = list(table.labels), list(table.votes)
    if table.cant_tell:
        names, votes = [*names, "can’t tell"], [*votes, table.cant_tell]
    level = ["level"] if any(row.level for row in table.rows) else []
    reasons = ("too few votes", "none has enough", "several have")
    return LabelFigure(
        bars=[(name, f"{count:,}", percent(count / sum(votes))) for name, count in zip(names, votes, strict=True)],
        header=["Data subset", *table.labels, *level, "Total", "Agreement"],
        rows=[
            _cells(row.subset, *row.won, *([row.level] if level else []), row.total, row.agreement)
            for row in table.rows
        ],
        threshold=table.threshold,
        kept_header=["Data subset", *table.labels, "Kept", *(f"Dropped: {reason}" for reason in reasons)],
        kept_rows=[
            _cells(row.subset, *row.kept, sum(row.kept), row.dropped_few, row.dropped_split, row.dropped_level)
            for row in table.rows
        ],
    )


def _cells(*values: str | int | float | None) -> list[str]:
    return [_cell(value) for value in values]


@dataclass(frozen=True)
class RoundRow:
    """A round in the campaign's list."""

    round: Round
    questions: str
    hits: int
    votes: str
    votes_wanted: str
    active: int
    percent: str
    origin: str


def round_rows(rounds: list[RoundProgress]) -> list[RoundRow]:
    return [
        RoundRow(
            round=one.round,
            questions=f"{one.questions:,}",
            hits=one.hits,
            votes=f"{one.votes:,}",
            votes_wanted=f"{one.votes_wanted:,}",
            active=one.active,
            percent=percent(one.share),
            origin=origin_text(one.round),
        )
        for one in rounds
    ]


def origin_text(round: Round) -> str:
    """In a few words, what proposed a round."""
    origin = round.origin
    if origin.get("design") == "balanced":
        kind, count = round.campaign.kind, origin.get("per_stimulus", "?")
        labels = "a label for each stimulus that has none"
        if kind == Campaign.Kind.LABEL:
            return labels.capitalize()
        triplets = f"Balanced design, {count} {'triplet' if count == 1 else 'triplets'} a stimulus"
        return f"{triplets}, and {labels}" if kind == Campaign.Kind.BOTH else triplets
    if "selector" in origin:
        run = f" by run {origin['run']}" if origin.get("run") else ""
        return f"Chosen{run}: {origin['selector']}"
    return str(origin.get("design", "By hand")).capitalize()
