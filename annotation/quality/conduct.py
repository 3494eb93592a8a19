"""From what a worker did to how they stand: figures, what is odd about them in plain sentences, and a proposal.

Each check is a function from the work to findings; the gravest finding is the standing that is proposed. How far a
proposal is followed, and what follows from it, is decided elsewhere (annotation/services/conduct.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from annotation.quality.checks import (
    Finding,
    Standing,
    alternation_findings,
    gold_findings,
    repeat_findings,
    run_findings,
    side_findings,
    speed_findings,
)
from annotation.quality.thresholds import Thresholds
from annotation.quality.wilson import wilson
from annotation.quality.work import ASKED, ATTENTION, GOLD, LEFT, NEITHER, REPEAT, UNKNOWN, YES, Work

DEFAULTS = Thresholds()
_GRAVITY: dict[Standing, int] = {"good": 0, "downweighted": 1, "paused": 2, "excluded": 3}
_CHECKS: tuple[Callable[[Work, Thresholds, float | None], list[Finding]], ...] = (
    gold_findings,
    speed_findings,
    side_findings,
    run_findings,
    alternation_findings,
    repeat_findings,
)


@dataclass(frozen=True)
class WorkerConduct:
    """All figures of one worker in one campaign.

    Attributes:
        answers: To what was asked and to probes.
        hits: HITs with an answer.
        median_ms: Of all response times; None without answers.
        known_right: Right answers to gold and attention checks,
        known_given: of so many.
        interval: Wilson's interval of that accuracy.
        gold_right: The same of gold alone,
        gold_given: of so many.
        attention_right: And of attention checks,
        attention_given: of so many.
        repeats_same: Repeats answered as the first time,
        repeats_given: of so many that can be compared.
        left: Answers on the left,
        sided: of so many with a side. Repeats, which only mirror another answer, are left out.
        unsure: Answers "can't tell".
        invalid: Answers faster than anybody sees.
        fast: Fast answers, these among them.
        idle: Answers after a long while.
        findings: What is odd.
        standing: What the findings come to.
        reject: Whether this is no work at all, as far as the figures can say: a person decides.
    """

    answers: int
    hits: int
    median_ms: float | None
    known_right: int
    known_given: int
    interval: tuple[float, float]
    gold_right: int
    gold_given: int
    attention_right: int
    attention_given: int
    repeats_same: int
    repeats_given: int
    left: int
    sided: int
    unsure: int
    invalid: int
    fast: int
    idle: int
    findings: tuple[Finding, ...]
    standing: Standing
    reject: bool

    @property
    def flags(self) -> list[str]:
        return [finding.text for finding in self.findings]

    @property
    def reason(self) -> str:
        """The sentences that led to the standing."""
        grave = [one.text for one in self.findings if one.standing == self.standing]
        return " ".join(grave) if self.standing != "good" else ""


def conduct_of(work: Work, *, median_ms: float | None = None, thresholds: Thresholds = DEFAULTS) -> WorkerConduct:
    """Judge a worker.

    Args:
        work: What they did.
        median_ms: The campaign's median response time; None where there is none to compare with yet.
        thresholds: When a figure is held against somebody.
    """
    findings = tuple(finding for check in _CHECKS for finding in check(work, thresholds, median_ms))
    gold, attention = _right(work, GOLD), _right(work, ATTENTION)
    known = gold[0] + attention[0], gold[1] + attention[1]
    compared = (work.kind == REPEAT) & (work.same != UNKNOWN)
    sided = (work.side != NEITHER) & (work.kind != REPEAT)
    times = work.response_ms
    return WorkerConduct(
        answers=len(work),
        hits=len(work.by_hit),
        median_ms=float(np.median(times)) if len(work) else None,
        known_right=known[0],
        known_given=known[1],
        interval=wilson(*known, thresholds.z),
        gold_right=gold[0],
        gold_given=gold[1],
        attention_right=attention[0],
        attention_given=attention[1],
        repeats_same=int((compared & (work.same == YES)).sum()),
        repeats_given=int(compared.sum()),
        left=int((sided & (work.side == LEFT)).sum()),
        sided=int(sided.sum()),
        unsure=int(work.unsure.sum()),
        invalid=int((times < thresholds.invalid_ms).sum()),
        fast=int((times < thresholds.fast_ms).sum()),
        idle=int((times > thresholds.idle_ms).sum()),
        findings=findings,
        standing=max((one.standing for one in findings), key=_GRAVITY.__getitem__, default="good"),
        reject=_reject(work, known, thresholds),
    )


def _right(work: Work, kind: int) -> tuple[int, int]:
    known = (work.kind == kind) & (work.right != UNKNOWN)
    return int((known & (work.right == YES)).sum()), int(known.sum())


def _reject(work: Work, known: tuple[int, int], thresholds: Thresholds) -> bool:
    """Gold no better than chance, and half of all answers too fast to have seen anything: both, or it is no proof."""
    right, given = known
    if given < thresholds.gold_least:
        return False
    asked = (work.kind != ASKED) & (work.kind != REPEAT) & (work.right != UNKNOWN)
    guessing = float(work.chance[asked].mean())
    return right / given <= guessing and float(np.median(work.response_ms)) < thresholds.invalid_ms


def gravity(standing: str) -> int:
    """How grave a standing is: 0 for good to 3 for excluded."""
    return _GRAVITY[standing]  # type: ignore[index]
