"""The checks: each looks at a worker's work for one thing, and says what it finds in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from annotation.quality.runs import changes, longest_run, run_chance
from annotation.quality.thresholds import Thresholds
from annotation.quality.wilson import at_least, at_least_of, two_sided, wilson
from annotation.quality.work import ATTENTION, GOLD, LEFT, NEITHER, REPEAT, UNKNOWN, YES, Work

Standing = Literal["good", "downweighted", "paused", "excluded"]


@dataclass(frozen=True)
class Finding:
    """One thing that is odd, and the standing that it alone would lead to ("good": it is only told)."""

    text: str
    standing: Standing


def _known(work: Work) -> np.ndarray:
    """Whether each answer to gold or an attention check was right, in their order."""
    known = np.isin(work.kind, (GOLD, ATTENTION)) & (work.right != UNKNOWN)
    found: np.ndarray = work.right[known] == YES
    return found


def gold_findings(work: Work, limits: Thresholds, median_ms: float | None = None) -> list[Finding]:
    """Questions with a known answer: wrong at the very beginning, or proven bad by the interval's upper end."""
    right = _known(work)
    found = []
    first = right[: limits.gold_first]
    if (wrong := int((~first).sum())) >= limits.gold_first_wrong:
        text = f"{wrong} of the first {len(first)} questions with a known answer are wrong."
        found.append(Finding(text, "paused"))
    if len(right) >= limits.gold_least:
        _, high = wilson(int(right.sum()), len(right), limits.z)
        if high < limits.gold_accuracy:
            ruled_out = f"an accuracy above {100 * high:.0f} % can be ruled out"
            text = f"{int(right.sum())} of {len(right)} questions with a known answer are right: {ruled_out}."
            found.append(Finding(text, "paused"))
    return found


def repeat_findings(work: Work, limits: Thresholds, median_ms: float | None = None) -> list[Finding]:
    """Questions shown again with the sides swapped: somebody who looks mostly answers alike."""
    compared = (work.kind == REPEAT) & (work.same != UNKNOWN)
    given, same = int(compared.sum()), int((compared & (work.same == YES)).sum())
    if given < limits.repeat_least or same / given >= limits.repeat_consistency:
        return []
    guessing = float(work.chance[compared].sum())
    return [Finding(f"{same} of {given} repeated questions are answered alike; guessing gives {guessing:.0f}.", "good")]


def side_findings(work: Work, limits: Thresholds, median_ms: float | None = None) -> list[Finding]:
    """Leaning to one side: the sides are random, so one half is right of somebody who looks."""
    sided = (work.side != NEITHER) & (work.kind != REPEAT)
    trials, left = int(sided.sum()), int((sided & (work.side == LEFT)).sum())
    if trials < limits.side_least:
        return []
    most, name = max((left, "left"), (trials - left, "right"))
    text = f"{most} of {trials} answers are on the {name}."
    if most / trials > limits.side_share:
        return [Finding(text, "excluded")]
    return [Finding(text, "downweighted")] if two_sided(left, trials) < limits.side_chance else []


def run_findings(work: Work, limits: Thresholds, median_ms: float | None = None) -> list[Finding]:
    """HITs answered on one side for long, held against how often chance makes such HITs."""
    sides = [work.side[part] for part in work.by_hit]
    longest = [longest_run(one) for one in sides]
    counts = [int((one != NEITHER).sum()) for one in sides]
    levels: tuple[tuple[int, float, Standing], ...] = (
        (limits.run_straight, limits.run_straight_chance, "excluded"),
        (limits.run_straight, limits.side_chance, "downweighted"),
        (limits.run_flag, limits.run_flag_chance, "good"),
    )
    for length, limit, standing in levels:
        odd = [(one, run_chance(one, n)) for one, n in zip(longest, counts, strict=True) if one >= length]
        if not odd:
            continue
        together = at_least_of(len(odd), np.array([run_chance(length, n) for n in counts]))
        # One run may be so long that it says by itself what several HITs with shorter ones would.
        alone = min(chance for _, chance in odd) * len(sides)
        if min(together, alone) < limit:
            text = f"{len(odd)} of {len(sides)} HITs with {length} or more answers in a row on one side"
            return [Finding(f"{text} (the longest run: {max(longest)}).", standing)]
    return []


def alternation_findings(work: Work, limits: Thresholds, median_ms: float | None = None) -> list[Finding]:
    """Left and right in turn. Of neighbouring answers, half are on different sides for somebody who looks."""
    counted = [changes(work.side[part]) for part in work.by_hit]
    changed, pairs = sum(one[0] for one in counted), sum(one[1] for one in counted)
    if pairs < limits.change_least or at_least(changed, pairs, 0.5) >= limits.change_chance:
        return []
    text = f"The side changes after {changed} of {pairs} answers, as if left and right took turns."
    return [Finding(text, "downweighted")]


def speed_findings(work: Work, limits: Thresholds, median_ms: float | None = None) -> list[Finding]:
    """Answers too fast to have seen anything; HITs that are fast altogether."""
    found = []
    invalid = int((work.response_ms < limits.invalid_ms).sum())
    if invalid and invalid / len(work) >= limits.invalid_flag:
        junk = len(work) >= limits.invalid_least and invalid / len(work) >= limits.invalid_share
        text = (
            f"{invalid} of {len(work)} answers came within {limits.invalid_ms} ms: too fast to have seen the question."
        )
        found.append(Finding(text, "excluded" if junk else "good"))
    last = work.by_hit[-limits.fast_window :]
    fast = sum(hit_is_fast(work.response_ms[part], limits, median_ms) for part in last)
    if fast >= limits.fast_hits:
        text = f"{fast} of the last {len(last)} HITs were answered fast."
        found.append(Finding(text, _fast_standing(_known(work), limits)))
    return found


def hit_is_fast(times: np.ndarray, limits: Thresholds, median_ms: float | None) -> bool:
    """Whether a HIT was answered fast: many fast answers, or far below the campaign's median."""
    if (times < limits.fast_ms).mean() >= limits.fast_share:
        return True
    return median_ms is not None and float(np.median(times)) < limits.fast_ratio * median_ms


def _fast_standing(right: np.ndarray, limits: Thresholds) -> Standing:
    """Being quick is no fault: the answers to gold say what it means."""
    if len(right) < limits.fast_gold_least:
        return "downweighted"
    return "good" if right.mean() >= limits.fast_accuracy else "paused"
