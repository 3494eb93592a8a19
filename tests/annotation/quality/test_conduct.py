"""Who is caught by which check, who never is, and the figures against naive loops."""

from itertools import pairwise

import numpy as np
import pytest

from annotation.quality.conduct import conduct_of, gravity
from annotation.quality.thresholds import Thresholds
from annotation.quality.wilson import wilson
from annotation.quality.work import ASKED, ATTENTION, GOLD, LEFT, NEITHER, NO, REPEAT, RIGHT, UNKNOWN, YES, Work

L = Thresholds()


def work(hits):
    """Work from lists of answers, one a HIT: (kind, side, right or same, milliseconds)."""
    rows = [(number, *answer) for number, answers in enumerate(hits) for answer in answers]
    hit, kind, side, verdict, ms = (
        (np.array(column) for column in zip(*rows, strict=True)) if rows else [np.array([])] * 5
    )
    return Work(
        hit=hit.astype(np.int64),
        kind=kind.astype(np.int8),
        side=side.astype(np.int8),
        unsure=np.zeros(len(rows), dtype=bool),
        right=np.where(np.isin(kind, (GOLD, ATTENTION)), verdict, UNKNOWN).astype(np.int8),
        same=np.where(kind == REPEAT, verdict, UNKNOWN).astype(np.int8),
        chance=np.full(len(rows), 0.5),
        response_ms=ms.astype(np.int64),
    )


def careful(rng, *, hits=3, size=20, golds=1, ms=1800):
    """Somebody who looks: random sides, golds right, repeats alike."""
    return [
        [(ASKED, int(rng.integers(2)), UNKNOWN, ms) for _ in range(size)]
        + [(GOLD, int(rng.integers(2)), YES, ms)] * golds
        + [(REPEAT, int(rng.integers(2)), YES, ms)]
        for _ in range(hits)
    ]


def sides(values, ms=1800):
    return [(ASKED, side, UNKNOWN, ms) for side in values]


def golds(right, wrong, ms=1800):
    return [(GOLD, LEFT, YES, ms)] * right + [(GOLD, RIGHT, NO, ms)] * wrong


def test_nobody_with_all_golds_right_is_ever_paused_by_them():
    for n in range(1, 200):
        found = [one for one in conduct_of(work([golds(n, 0)])).findings if "known answer" in one.text]
        assert found == []


@pytest.mark.parametrize(("right", "wrong", "caught"), [(4, 4, False), (3, 5, True), (10, 10, False), (9, 11, True)])
def test_the_gate_asks_for_proof_that_the_work_is_bad(right, wrong, caught):
    # The first four right, so that only the gate can speak.
    answers = golds(min(right, 4), 0) + golds(0, wrong) + golds(max(right - 4, 0), 0)
    if right < 4:
        answers = golds(3, 1) + golds(0, wrong - 1)
    conduct = conduct_of(work([answers]))
    assert (conduct.standing == "paused") == caught
    assert (wilson(right, right + wrong)[1] < L.gold_accuracy) == caught
    assert conduct.interval == wilson(right, right + wrong)


def test_seven_golds_are_not_enough_for_the_gate():
    answers = golds(3, 1) + golds(0, 3)
    assert wilson(3, 7)[1] > 0.7
    assert conduct_of(work([answers])).standing == "good"
    assert conduct_of(work([golds(3, 0) + golds(0, 4)])).standing == "good"  # one wrong among the first four


@pytest.mark.parametrize(
    ("first", "caught"), [("1110", False), ("00", True), ("0110", True), ("011", False), ("1100", True)]
)
def test_two_wrong_among_the_first_four_stop_at_once(first, caught):
    answers = [answer for one in first for answer in (golds(1, 0) if one == "1" else golds(0, 1))]
    assert (conduct_of(work([answers])).standing == "paused") == caught
    # Attention checks count like gold.
    checks = [(ATTENTION, *answer[1:]) for answer in answers]
    conduct = conduct_of(work([checks]))
    assert (conduct.standing == "paused") == caught
    assert (conduct.attention_given, conduct.gold_given) == (len(first), 0)


def test_a_side_is_held_against_somebody_only_with_enough_answers_and_little_chance():
    def leaning(left, right):
        # Spread, so that no run is long.
        return conduct_of(work([sides([LEFT] * 3 + [RIGHT])] * right + [sides([LEFT])] * (left - 3 * right)))

    assert leaning(30, 9).standing == "good"  # 39 answers
    assert leaning(30, 10).standing == "good"  # p = .0022
    assert leaning(45, 15).standing == "downweighted"  # p = .00014
    assert leaning(90, 10).standing == "downweighted"  # 90 % is not more than 90 %
    assert leaning(91, 9).standing == "excluded"
    assert leaning(91, 9).flags == ["91 of 100 answers are on the left."]


def test_repeats_mirror_another_answer_and_say_nothing_about_the_side():
    hits = [[(REPEAT, LEFT, YES, 1800)] for _ in range(60)]
    conduct = conduct_of(work(hits))
    assert (conduct.sided, conduct.repeats_same, conduct.repeats_given) == (0, 60, 60)
    assert conduct.standing == "good"


@pytest.mark.parametrize(("same", "given", "flagged"), [(5, 10, True), (6, 10, False), (0, 9, False), (11, 20, True)])
def test_inconsistency_is_told_and_changes_nothing_by_itself(same, given, flagged):
    hits = [[(REPEAT, i % 2, YES if i < same else NO, 1800)] for i in range(given)]
    conduct = conduct_of(work(hits))
    assert [bool("alike" in flag) for flag in conduct.flags] == [True] * flagged
    assert conduct.standing == "good"


def run_hit(length, size=20):
    """A HIT with one run of that length on the left; the others change."""
    return sides([LEFT] * length + [(RIGHT, LEFT)[i % 2] for i in range(size - length)])


def test_straight_runs_are_flagged_counted_less_or_excluded_by_how_odd_they_are():
    rng = np.random.default_rng(4)
    assert conduct_of(work([run_hit(9)])).findings == ()
    flagged = conduct_of(work([run_hit(10)]))
    assert (flagged.standing, len(flagged.findings)) == ("good", 1)
    assert conduct_of(work([run_hit(15)])).standing == "downweighted"
    assert conduct_of(work([run_hit(20)])).standing == "excluded"
    assert conduct_of(work([run_hit(15), run_hit(15)])).standing == "excluded"
    # One odd HIT among fifty others is what chance gives, and is not held against anybody.
    assert conduct_of(work([run_hit(10), *careful(rng, hits=50)])).standing == "good"


def test_a_long_run_in_a_long_hit_is_no_sign():
    rng = np.random.default_rng(5)
    tail = [int(one) for one in rng.integers(2, size=189)]
    conduct = conduct_of(work([sides([LEFT] * 10 + [RIGHT] + tail)]))
    assert not [flag for flag in conduct.flags if "in a row" in flag]


def test_left_and_right_in_turn_is_seen():
    turns = [sides([i % 2 for i in range(20)]) for _ in range(3)]
    conduct = conduct_of(work(turns))
    assert conduct.standing == "downweighted"
    assert conduct.flags == ["The side changes after 57 of 57 answers, as if left and right took turns."]
    assert conduct_of(work(turns[:2])).findings == ()  # 38 pairs are too few


def test_can_t_tell_breaks_runs_and_is_no_side():
    conduct = conduct_of(work([sides([LEFT] * 9 + [NEITHER] + [LEFT] * 9)]))
    assert not [flag for flag in conduct.flags if "in a row" in flag]
    assert conduct.sided == 18


def test_answers_that_nobody_can_have_seen_are_excluded_from_half_of_twenty_on():
    def fast(invalid, fine):
        answers = [(ASKED, i % 3 == 0, UNKNOWN, 299 if i < invalid else 1800) for i in range(invalid + fine)]
        return conduct_of(work([answers])).standing

    assert fast(10, 10) == "excluded"
    assert fast(9, 11) != "excluded"
    assert fast(19, 0) != "excluded"  # 19 answers


def test_fast_hits_mean_what_gold_says_of_them():
    def quick(hits, right, wrong):
        answers = [[(ASKED, i % 3 == 0, UNKNOWN, 500) for i in range(8)] for _ in range(hits)]
        answers[0] = answers[0] + golds(right, 0) + golds(0, wrong)
        return conduct_of(work(answers))

    assert quick(2, 0, 0).standing == "good"
    assert quick(3, 0, 0).standing == "downweighted"  # nothing speaks for them
    assert quick(3, 8, 0).standing == "good"  # quick and right
    assert quick(3, 8, 0).flags == ["3 of the last 3 HITs were answered fast."]
    assert quick(3, 4, 2).standing == "paused"  # quick and wrong, though the gate alone would let it pass


def test_a_hit_far_below_the_campaigns_median_is_fast_and_a_long_pause_is_not_held_against_anybody():
    hits = [sides([i % 3 == 0 for i in range(8)], ms=1000)] * 3
    assert conduct_of(work(hits), median_ms=3000).standing == "good"
    assert conduct_of(work(hits), median_ms=3400).standing == "downweighted"
    idle = conduct_of(work([sides([LEFT, RIGHT, RIGHT], ms=90_000)]))
    assert (idle.idle, idle.findings) == (3, ())


def test_a_rejection_is_proposed_only_where_gold_and_speed_both_say_that_nobody_looked():
    def tried(right, wrong, ms):
        return conduct_of(work([golds(right, wrong, ms)])).reject

    assert tried(4, 4, 200)
    assert not tried(5, 4, 200)  # better than chance
    assert not tried(4, 4, 300)
    assert not tried(3, 4, 200)  # seven golds


def test_the_figures_against_naive_loops():
    rng = np.random.default_rng(11)
    hits = [
        [
            (int(rng.integers(4)), int(rng.integers(-1, 2)), int(rng.integers(-1, 2)), int(rng.integers(50, 90_000)))
            for _ in range(int(rng.integers(1, 9)))
        ]
        for _ in range(12)
    ]
    conduct, answers = conduct_of(work(hits)), [answer for hit in hits for answer in hit]
    known = [one for one in answers if one[0] in (GOLD, ATTENTION) and one[2] != UNKNOWN]
    assert (conduct.answers, conduct.hits) == (len(answers), 12)
    assert (conduct.known_right, conduct.known_given) == (sum(one[2] == YES for one in known), len(known))
    assert conduct.gold_given == sum(one[0] == GOLD for one in known)
    assert conduct.repeats_given == sum(one[0] == REPEAT and one[2] != UNKNOWN for one in answers)
    assert conduct.left == sum(one[0] != REPEAT and one[1] == LEFT for one in answers)
    assert conduct.median_ms == float(np.median([one[3] for one in answers]))
    assert conduct.invalid == sum(one[3] < 300 for one in answers)
    assert conduct.fast == sum(one[3] < 800 for one in answers)
    assert conduct.idle == sum(one[3] > 60_000 for one in answers)


def test_hits_stand_apart_whatever_their_numbers_are():
    made = work([sides([LEFT]), sides([RIGHT, LEFT]), sides([LEFT])])
    assert [(part.start, part.stop) for part in made.by_hit] == [(0, 1), (1, 3), (3, 4)]
    assert all(first.stop == second.start for first, second in pairwise(made.by_hit))
    assert work([]).by_hit == []
    nothing = conduct_of(work([]))
    assert (nothing.standing, nothing.median_ms, nothing.interval) == ("good", None, (0.0, 1.0))


def test_arrays_of_different_lengths_are_refused():
    one = work([sides([LEFT])])
    with pytest.raises(ValueError, match="one value in each array"):
        Work(**{**one.__dict__, "side": np.zeros(2, dtype=np.int8)})


def test_careful_people_are_hardly_ever_held_back():
    """2,000 people who look, with 5 per cent of golds wrong: who is more than flagged, and why."""
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(2000):
        hits = careful(rng, hits=8)
        for hit in hits:
            for at, answer in enumerate(hit):
                if answer[0] == GOLD and rng.random() < 0.05:
                    hit[at] = (GOLD, answer[1], NO, 1800)
        conduct = conduct_of(work(hits))
        held += gravity(conduct.standing) > 0
        assert conduct.standing != "excluded"
    # Two of the first four golds wrong: 1.4 per cent; a side or a straight HIT by chance: well below one per cent.
    assert held < 2000 * 0.03


def test_most_people_who_guess_are_stopped_within_ten_hits():
    rng = np.random.default_rng(9)
    stopped = 0
    for _ in range(300):
        hits = careful(rng, hits=10, golds=2)
        guessed = [[(k, s, int(rng.integers(2)) if k == GOLD else v, ms) for k, s, v, ms in hit] for hit in hits]
        stopped += gravity(conduct_of(work(guessed)).standing) >= 2
    # 11 of 16 have two wrong among the first four; the gate stops a few more. A standard deviation is 8 people.
    assert stopped > 300 * 11 / 16 - 2 * 8
