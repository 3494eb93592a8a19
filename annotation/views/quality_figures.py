"""Figures of the quality page in the form that its templates draw: everything in per cent of a width or a height."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from annotation.quality.bootstrap import Estimate
from annotation.quality.conduct import DEFAULTS
from annotation.selectors.quality import MarginRow
from annotation.selectors.quality_people import People, Person
from annotation.selectors.quality_times import EDGES, Times

NOTHING = "–"


@dataclass(frozen=True)
class Axis:
    """What a width stands for."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """Where a value lies, in per cent; values beyond lie at the end."""
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0.0), 1.0):.2f}"

    def ticks(self, step: float = 0.1) -> list[tuple[str, str]]:
        """(where, what) at every step."""
        first, last = math.ceil(round(self.low / step, 6)), math.floor(round(self.high / step, 6))
        return [(self.at(number * step), f"{100 * number * step:.0f}") for number in range(first, last + 1)]


WHOLE = Axis(0.0, 1.0)


@dataclass(frozen=True)
class Ranged:
    """A figure with its interval, as text and on an axis. `at` is empty where there is nothing to say."""

    name: str
    text: str
    interval: str
    at: str = ""
    low: str = ""
    width: str = ""
    note: str = ""
    detail: str = ""
    limit: str = ""  # what to compare with, on the same axis


def ranged(
    name: str,
    estimate: Estimate,
    axis: Axis,
    *,
    percent: bool,
    note: str = "",
    detail: str = "",
    limit: float | None = None,
) -> Ranged:
    """An estimate, drawn."""
    mark = "" if limit is None else axis.at(limit)
    if math.isnan(estimate.value):
        return Ranged(name, NOTHING, "", note=note, detail=detail, limit=mark)
    shown = share_text if percent else plain_text
    low, high = estimate.low, estimate.high
    if math.isnan(low):
        return Ranged(name, shown(estimate.value), "", axis.at(estimate.value), note=note, detail=detail, limit=mark)
    return Ranged(
        name=name,
        text=shown(estimate.value),
        interval=f"{shown(low).removesuffix(' %')}–{shown(high)}",
        at=axis.at(estimate.value),
        low=axis.at(low),
        width=f"{float(axis.at(high)) - float(axis.at(low)):.2f}",
        note=note,
        detail=detail,
        limit=mark,
    )


def axis_for(estimates: Iterable[Estimate], most: float) -> Axis:
    """From the tenth below the lowest end of an interval, and from no higher than `most`, to 1."""
    lows = [one.low for one in estimates if not math.isnan(one.low)]
    return Axis(min([most, *(math.floor(10 * low) / 10 for low in lows)]), 1.0)


def share_text(share: float) -> str:
    return NOTHING if math.isnan(share) else f"{100 * share:.1f} %"


def plain_text(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def time_text(ms: float | None) -> str:
    if ms is None:
        return NOTHING
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


@dataclass(frozen=True)
class Column:
    """One column of a chart: its place, and what it says."""

    x: str
    width: str
    y: str
    height: str
    middle: str
    shade: str
    label: str
    count: str
    share: str
    at: str  # where it begins
    edge: str = ""  # what stands there, instead of the label under its middle


# The part of a chart's height that columns may take, in per cent; figures stand above them, names below.
_TOP, _BASE = 12.0, 88.0
_GAP = 0.12  # of a column's width on either side


def columns(rows: Sequence[tuple[str, int, str]]) -> list[Column]:
    """Columns of (label, count, shade), the largest as high as there is room."""
    total, most = sum(count for _, count, _ in rows), max((count for _, count, _ in rows), default=0)
    step = 100 / max(len(rows), 1)
    drawn = []
    for place, (label, count, shade) in enumerate(rows):
        height = (_BASE - _TOP) * count / most if most else 0.0
        drawn.append(
            Column(
                x=f"{step * (place + _GAP):.2f}",
                width=f"{step * (1 - 2 * _GAP):.2f}",
                y=f"{_BASE - height:.2f}",
                height=f"{height:.2f}",
                middle=f"{step * (place + 0.5):.2f}",
                shade=shade,
                label=label,
                count=f"{count:,}",
                share=share_text(count / total) if total else NOTHING,
                at=f"{step * place:.2f}",
            )
        )
    return drawn


_SHADES = ("m5", "m3", "m1")


def margin_columns(rows: Sequence[MarginRow]) -> list[Column]:
    """Questions by margin, the strongest agreement first and darkest."""
    return columns(
        [
            ("tie" if one.margin == 0 else str(one.margin), one.questions, _SHADES[min(place, 2)])
            for place, one in enumerate(rows)
        ]
    )


def time_columns(times: Times) -> list[Column]:
    """Answers by how long they took; too fast to see and fast ones in colours of their own."""
    drawn = columns([(_span(place), count, _time_shade(EDGES[place])) for place, count in enumerate(times.counts)])
    return [replace(one, edge=f"{edge / 1000:g}") for one, edge in zip(drawn, EDGES, strict=True)]


def time_marks() -> list[tuple[str, str]]:
    """(where, what) of the limits of the checks."""
    limits = (DEFAULTS.invalid_ms, DEFAULTS.fast_ms)
    return [(f"{100 * EDGES.index(limit) / len(EDGES):.2f}", f"{limit} ms") for limit in limits]


def _time_shade(edge: int) -> str:
    if edge < DEFAULTS.invalid_ms:
        return "invalid"
    if edge < DEFAULTS.fast_ms:
        return "fast"
    return "m1" if edge >= DEFAULTS.idle_ms else "m5"


def _span(place: int) -> str:
    low = f"{EDGES[place] / 1000:g}"
    return f"{low}–{EDGES[place + 1] / 1000:g}" if place + 1 < len(EDGES) else f"{low}+"


@dataclass(frozen=True)
class Dot:
    """One worker among all: skill to the right, leaning upwards to the left side's share."""

    x: str
    y: str
    radius: str
    shade: str
    text: str


def people_dots(people: People, pseudonyms: dict[int, str], axis: Axis) -> list[Dot]:
    """Workers of whom both skill and leaning are known; those who gave more are drawn first, and larger."""
    known = [one for one in people.all if not (math.isnan(one.skill) or math.isnan(one.lean))]
    most = max((one.votes for one in known), default=1)
    return [
        Dot(
            x=axis.at(one.skill),
            y=f"{100 - float(WHOLE.at(one.lean)):.2f}",
            radius=f"{3.5 + 4.5 * math.sqrt(one.votes / most):.1f}",
            shade="leans" if one.leans else "",
            text=_person_text(one, pseudonyms.get(one.worker, "")),
        )
        for one in sorted(known, key=lambda one: (-one.votes, one.worker))
    ]


def _person_text(one: Person, name: str) -> str:
    return f"{name}: {share_text(one.skill)} right, {share_text(one.lean)} left when unsure, {one.votes:,} votes"


def skill_axis(people: People) -> Axis:
    lows = [one.skill for one in people.all if not math.isnan(one.skill)]
    return Axis(min([0.5, *(math.floor(10 * low) / 10 for low in lows)]), 1.0)
