"""The thresholds by which work is judged, each with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """When a figure is held against a worker.

    The sources are named where there are any; the other numbers are this project's own defaults, which no live campaign
    has tested yet. docs/quality.md says what each check means.

    Attributes:
        z: Of Wilson's interval: 1.96, 95 per cent.
        gold_accuracy: Paused where the upper end of the interval of the accuracy on gold and attention checks is below
            this. The upper end asks for proof that the work is bad; the lower end, which older guides use, pauses
            people with 8 of 8 right.
        gold_least: Answers to gold before the interval is asked.
        gold_first: The first answers to gold that are looked at one by one, and
        gold_first_wrong: wrong ones among them that pause at once.
        repeat_least: Repeats before consistency is judged. Answering one side always gives 0 per cent, guessing 50.
        repeat_consistency: Flagged below this.
        side_least: Answers with a side before the side is judged.
        side_chance: Flagged, and counted less, where a side share this far from one half is less probable by chance.
        side_share: Excluded where more than this share is on one side.
        run_flag: A run of this many on one side in a HIT is odd: 1.2 per cent of HITs of 20 have one by chance.
        run_straight: One of this many makes a straight HIT: 0.02 per cent of HITs of 20 have one by chance.
        run_flag_chance: HITs with odd runs are flagged where so many are less probable; a long HIT, or many HITs, have
            long runs by chance.
        run_straight_chance: Excluded where as many straight HITs are less probable. One is not enough (2 in 100
            people with 100 HITs have one) and makes a worker count less, by side_chance; two of a few are.
        change_least: Neighbouring answers before alternation is judged.
        change_chance: Flagged, and counted less, where as many changes of side are less probable.
        invalid_ms: Faster than this nobody has seen anything: Ratcliff and Hendrickson 2021 find answers under 300 ms
            at chance.
        invalid_flag: Flagged where this share of the answers is that fast.
        invalid_share: Excluded where this share of the answers is that fast,
        invalid_least: of at least this many.
        fast_ms: Faster than this is fast. THINGS (Hebart et al. 2020) looks at answers under 800 ms.
        fast_share: A HIT is fast where this share of its answers is.
        fast_ratio: A HIT is fast, too, where its median is below this part of the campaign's.
        fast_hits: Fast HITs among the last
        fast_window: so many that flag a worker. Toloka's guide: "suspend who submits 3 of 10 too fast".
        fast_accuracy: Fast work is paused where the accuracy on gold is below this, counted less where there is no gold
            to speak for it, and only flagged where gold speaks for it: some people are quick.
        fast_gold_least: Answers to gold that can speak for somebody.
        idle_ms: Longer than this the worker was away; it is told, and held against nobody.
        lesser_weight: What the votes of somebody who is counted less, or paused by the rules, weigh.
    """

    z: float = 1.96
    gold_accuracy: float = 0.70
    gold_least: int = 8
    gold_first: int = 4
    gold_first_wrong: int = 2
    repeat_least: int = 10
    repeat_consistency: float = 0.60
    side_least: int = 40
    side_chance: float = 0.001
    side_share: float = 0.90
    run_flag: int = 10
    run_straight: int = 15
    run_flag_chance: float = 0.02
    run_straight_chance: float = 1e-5
    change_least: int = 40
    change_chance: float = 0.001
    invalid_ms: int = 300
    invalid_flag: float = 0.05
    invalid_share: float = 0.50
    invalid_least: int = 20
    fast_ms: int = 800
    fast_share: float = 0.25
    fast_ratio: float = 0.30
    fast_hits: int = 3
    fast_window: int = 10
    fast_accuracy: float = 0.80
    fast_gold_least: int = 4
    idle_ms: int = 60_000
    lesser_weight: float = 0.5
