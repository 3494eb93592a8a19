"""Rounds: what is proposed, opened, counted, frozen."""

from collections import Counter

import numpy as np
import pytest

from annotation.errors import AnnotationError, NothingToAsk, WrongState
from annotation.models import Consensus, Dataset, Question, Stimulus, Vote
from annotation.selectors.agreement import campaign_agreement
from annotation.selectors.datasets import dataset_load
from annotation.services.proposals import round_propose, round_propose_balanced
from annotation.services.rounds import round_close, round_finish, round_open
from annotation.signals import round_closed
from tests.factories import closed_round, simulate, small_campaign

pytestmark = pytest.mark.django_db


def test_every_stimulus_of_a_split_appears_in_six_triplets(campaign):
    round = round_propose_balanced(campaign=campaign)
    seen = Counter()
    for reference, a, b in round.questions.values_list("reference", "a", "b"):
        seen.update((reference, a, b))
    assert set(seen.values()) == {6}
    assert len(seen) == campaign.collection.stimuli.count()


def test_no_triplet_mixes_splits(campaign):
    round = round_propose_balanced(campaign=campaign)
    split = dict(Stimulus.objects.values_list("pk", "split"))
    for question in round.questions.all():
        assert {split[question.reference_id], split[question.a_id], split[question.b_id]} == {question.split}


def test_a_round_is_bundled_into_hits_of_the_campaigns_size(campaign):
    round = round_propose_balanced(campaign=campaign)
    sizes = Counter(round.questions.values_list("hit", flat=True))
    assert max(sizes.values()) == campaign.hit_size
    assert sum(sizes.values()) == round.questions.count()
    assert sorted(sizes.values())[:-1].count(campaign.hit_size) >= len(sizes) - 2


def test_the_same_seed_proposes_the_same_round(campaign, alice, collection):
    other = small_campaign(owner=alice, collection=collection, name="Other")
    rows = [
        list(round_propose_balanced(campaign=one, seed=5).questions.order_by("pk").values_list("reference", "a", "b"))
        for one in (campaign, other)
    ]
    assert rows[0] == rows[1]


def test_a_second_balanced_round_asks_nothing_twice_and_is_balanced_too(campaign):
    round_propose_balanced(campaign=campaign, per_stimulus=3)
    second = round_propose_balanced(campaign=campaign, per_stimulus=3)
    seen = Counter(key for triplet in second.questions.values_list("reference", "a", "b") for key in triplet)
    assert set(seen.values()) == {3}


def test_a_split_too_small_for_the_design_gets_what_it_has(campaign):
    for split in (1, 2):
        kept = Stimulus.objects.filter(split=split).values_list("pk", flat=True)[:3]
        Stimulus.objects.filter(split=split).exclude(pk__in=list(kept)).update(split=0)
    round = round_propose_balanced(campaign=campaign, per_stimulus=6)
    assert Counter(round.questions.values_list("split", flat=True))[2] == 3
    assert round.origin["per_split"] == {"train": 6, "validation": 3, "test": 3}


def test_a_campaign_whose_triplets_were_all_asked_has_nothing_to_ask(campaign):
    Stimulus.objects.filter(split__gt=0).update(split=0)
    kept = list(Stimulus.objects.values_list("pk", flat=True)[:4])
    Stimulus.objects.exclude(pk__in=kept).delete()
    round_propose_balanced(campaign=campaign, per_stimulus=9)
    with pytest.raises(NothingToAsk):
        round_propose_balanced(campaign=campaign)


def test_what_was_asked_is_not_asked_again(campaign):
    asked = round_propose_balanced(campaign=campaign).questions.first()
    again = np.array([[asked.reference_id, asked.b_id, asked.a_id]])
    with pytest.raises(AnnotationError, match="was asked before"):
        round_propose(campaign=campaign, triplets=again, origin={})
    assert campaign.rounds.count() == 1


def test_a_round_of_nothing_is_refused(campaign):
    with pytest.raises(NothingToAsk):
        round_propose(campaign=campaign, triplets=np.empty((0, 3), dtype=np.int64), origin={})


def test_a_triplet_across_splits_is_refused(campaign):
    train = list(Stimulus.objects.filter(split=0).values_list("pk", flat=True)[:2])
    test = Stimulus.objects.filter(split=2).first().pk
    with pytest.raises(AnnotationError, match="mixes stimuli of different splits"):
        round_propose(campaign=campaign, triplets=np.array([[*train, test]]), origin={})


def test_a_foreign_stimulus_is_refused(campaign):
    keys = list(Stimulus.objects.filter(split=0).values_list("pk", flat=True)[:2])
    with pytest.raises(AnnotationError, match="not in the campaign's collection"):
        round_propose(campaign=campaign, triplets=np.array([[*keys, 10**9]]), origin={})


def test_a_round_opens_once_and_only_in_a_running_campaign(campaign):
    round = round_propose_balanced(campaign=campaign)
    round_open(round=round)
    with pytest.raises(WrongState, match="not proposed"):
        round_open(round=round)
    campaign.status = "paused"
    campaign.save()
    campaign.refresh_from_db()
    other = round_propose(campaign=campaign, triplets=_fresh_triplet(campaign), origin={})
    with pytest.raises(WrongState, match="Start the campaign"):
        round_open(round=other)


def _fresh_triplet(campaign):
    keys = list(Stimulus.objects.filter(split=0).order_by("pk").values_list("pk", flat=True))
    asked = set(campaign.questions.values_list("reference", "a", "b"))
    return np.array(
        [
            next(
                [r, a, b]
                for r in keys
                for a in keys
                for b in keys
                if r not in (a, b) and a < b and (r, a, b) not in asked
            )
        ]
    )


def test_consensus_is_what_counting_by_hand_gives(campaign):
    round, _ = closed_round(campaign)
    for question in round.questions.all():
        votes = Counter(Vote.objects.filter(question=question).values_list("choice", flat=True))
        consensus = Consensus.objects.get(question=question)
        assert (consensus.votes_a, consensus.votes_b) == (votes["a"], votes["b"])
        assert consensus.margin == abs(votes["a"] - votes["b"]) == consensus.weight
        assert consensus.margin in (5, 3, 1)
        assert consensus.winner == max("ab", key=lambda name: votes[name])


def test_the_dataset_holds_each_triplet_in_the_order_that_the_crowd_gave(campaign):
    round, dataset = closed_round(campaign)
    frozen = dataset_load(dataset)
    assert dataset.triplets == len(frozen.triplets) == round.questions.count()
    keys = dict(Stimulus.objects.values_list("key", "pk"))
    for row, (anchor, nearer, farther) in enumerate(frozen.triplets):
        names = [keys[str(frozen.stimuli[place])] for place in (anchor, nearer, farther)]
        question = Question.objects.get(reference=names[0], a=min(names[1:]), b=max(names[1:]))
        consensus = question.consensus.get()
        assert names[1] == (question.a_id if consensus.winner == "a" else question.b_id)
        assert frozen.weight[row] == consensus.weight
        assert frozen.votes_nearer[row] - frozen.votes_farther[row] == consensus.margin
        assert frozen.triplet_split[row] == question.split
    assert frozen.manifest["counts"]["triplets"] == dataset.triplets
    assert frozen.content_sha256() == dataset.content_sha256


def test_freezing_again_gives_the_same_dataset(campaign):
    round, dataset = closed_round(campaign)
    from annotation.services.datasets import dataset_freeze

    assert dataset_freeze(campaign=campaign, through=round) == dataset
    assert Dataset.objects.count() == 1


def test_finishing_twice_announces_the_round_once(campaign):
    heard = []

    def hear(sender, *, round, dataset, **kwargs):
        heard.append((round.status, dataset.pk))

    round_closed.connect(hear)
    try:
        round, dataset = closed_round(campaign)
        round.status = "closing"  # a second worker that read the row before the first one finished
        round_finish(round=round)
    finally:
        round_closed.disconnect(hear)
    assert heard == [("closed", dataset.pk)]


def test_a_round_without_votes_closes_without_a_dataset(open_round):
    assert round_finish(round=round_close(round=open_round)) is None
    open_round.refresh_from_db()
    assert open_round.status == "closed"


def test_table_one_counts_the_rounds_questions_by_difference_and_split(campaign):
    round, _ = closed_round(campaign)
    table = campaign_agreement(campaign, round)
    whole = table.rows[-1]
    assert whole.total == round.questions.count()
    for row, split in zip(table.rows, (0, 1, 2), strict=False):
        for level, count in zip(table.levels, row.counts, strict=True):
            assert count == Consensus.objects.filter(margin=level, question__split=split).count()


def test_a_second_round_adds_to_the_dataset(campaign):
    _, first = closed_round(campaign)
    second = round_open(round=round_propose(campaign=campaign, triplets=_fresh_triplet(campaign), origin={}))
    simulate(second)
    dataset = round_finish(round=round_close(round=second))
    assert dataset.triplets == first.triplets + 1
    assert dataset.manifest["rounds"] == [1, 2]


def test_a_campaign_for_both_kinds_mixes_triplets_and_labels(alice, collection):
    both = small_campaign(owner=alice, collection=collection, name="Both", kind="both")
    round = round_propose_balanced(campaign=both, per_stimulus=3)
    kinds = Counter(round.questions.values_list("kind", flat=True))
    stimuli = collection.stimuli.count()
    assert kinds == {"triplet": stimuli, "label": stimuli}
    assert round.size == 2 * stimuli
    mixed = sum(len(set(hit.questions.values_list("kind", flat=True))) == 2 for hit in round.hits.all())
    assert mixed > round.hits.count() / 2


def test_a_label_of_a_stimulus_is_asked_for_once(alice, collection):
    labels = small_campaign(owner=alice, collection=collection, name="Labels", kind="label")
    first = round_propose_balanced(campaign=labels)
    assert set(first.questions.values_list("kind", flat=True)) == {"label"}
    with pytest.raises(NothingToAsk):
        round_propose_balanced(campaign=labels)
    key = first.questions.first().reference_id
    with pytest.raises(AnnotationError, match="asked for before"):
        round_propose(campaign=labels, triplets=np.zeros((0, 3), dtype=np.int64), labels=np.array([key]), origin={})


def test_label_votes_come_to_a_plurality(alice, collection):
    labels = small_campaign(
        owner=alice, collection=collection, name="Labels", kind="label", choices=["neutral", "happy", "sad", "angry"]
    )
    round = round_open(round=round_propose_balanced(campaign=labels))
    simulate(round)
    assert round_finish(round=round_close(round=round)) is None, "labels make no triplets to freeze"
    round.refresh_from_db()
    assert round.status == "closed"
    rows = Consensus.objects.filter(question__round=round).select_related("question__reference")
    assert rows.count() == round.size
    for row in rows:
        votes = Counter(row.question.votes.values_list("choice", flat=True))
        assert row.counts == dict(votes)
        assert row.method == "plurality/raw"
        assert sum(votes.values()) == 5
    right = [
        labels.choices[int(row.winner)] == row.question.reference.labels["expression"] for row in rows if row.winner
    ]
    assert np.mean(right) > 0.9


def test_cant_tell_fills_its_slot_and_is_no_vote_for_either(campaign):
    Question.objects.all().delete()
    type(campaign).objects.filter(pk=campaign.pk).update(cant_tell=True, votes_per_question=3)
    campaign.refresh_from_db()
    round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3))
    for number, given in enumerate(("cant-tell", "left", "left")):
        from annotation.services.assignments import assignment_claim
        from annotation.services.workers import worker_get
        from tests.factories import answer_all

        worker = worker_get(channel="local", external_id=f"w{number}")
        while (assignment := assignment_claim(campaign=campaign, worker=worker)) is not None:
            answer_all(assignment, given)
    round_finish(round=round_close(round=round))
    for row in Consensus.objects.filter(question__round=round):
        assert sum(row.counts.values()) == 3
        assert row.counts["x"] == 1
        assert row.votes_a + row.votes_b == 2


def test_votes_of_a_worker_who_counts_less_weigh_less(campaign):
    from annotation.models import Participation

    round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3))
    simulate(round, workers=8)
    Participation.objects.update(standing="downweighted", weight=0.5)
    round_finish(round=round_close(round=round))
    rows = Consensus.objects.filter(question__round=round)
    assert {row.weight for row in rows} == {0.5, 1.5, 2.5}
    assert all(row.weight == row.margin / 2 for row in rows)


@pytest.mark.parametrize("name", ["margin", "one-coin", "dawid-skene", "side-frame"])
def test_every_aggregator_counts_a_round_and_freezes_it(alice, collection, name):
    campaign = small_campaign(owner=alice, collection=collection, name=name, aggregator=name)
    round, dataset = closed_round(campaign)
    rows = Consensus.objects.filter(question__round=round, method=campaign.method)
    assert rows.count() == round.size
    assert campaign_agreement(campaign).rows[-1].total == round.size
    assert len(dataset_load(dataset).triplets) == rows.exclude(winner="").count() > 0
    majority = [row.winner == ("a" if row.votes_a > row.votes_b else "b") for row in rows if row.margin == 5]
    assert np.mean(majority) > 0.95
