"""The simulated crowd: what its traits do to its answers."""

import numpy as np
import pytest

from annotation.crowd.registry import CHANNELS, channel_get
from annotation.crowd.simulated import Perception, SimulatedWorker, crowd_make, crowd_work
from annotation.errors import AnnotationError
from annotation.models import Question, Vote

pytestmark = pytest.mark.django_db


def worker(name, **traits):
    fields = {"competence": 50.0, "bias": 0.0, "speed_ms": 900.0, "drop_out": 0.0, "spam": False, **traits}
    return SimulatedWorker(name=name, **fields)


def accuracy(round, name):
    """Share of a worker's votes for the candidate that lies nearer in what the crowd sees."""
    perception = Perception(round.campaign.collection)
    votes = Vote.objects.filter(worker__external_id=name).select_related("question")
    right = [
        (perception.difference(one.question.reference_id, one.question.a_id, one.question.b_id) > 0)
        == (one.choice == "a")
        for one in votes
    ]
    return float(np.mean(right))


def test_a_competent_worker_is_right_and_one_without_competence_guesses(open_round):
    crowd_work(round=open_round, workers=[worker("sharp"), worker("blind", competence=0.0)], seed=1)
    assert accuracy(open_round, "sharp") > 0.9
    # 48 guesses: four standard deviations are .29.
    assert abs(accuracy(open_round, "blind") - 0.5) < 0.29


def test_a_biased_worker_leans_to_the_left_whatever_is_there(open_round):
    crowd_work(round=open_round, workers=[worker("leaning", competence=0.0, bias=3.0)], seed=2)
    votes = Vote.objects.filter(worker__external_id="leaning")
    assert np.mean([vote.choice == vote.left for vote in votes]) > 0.85


def test_a_worker_who_drops_out_returns_the_hit_and_others_finish_it(open_round):
    given = crowd_work(round=open_round, workers=[worker("quitter", drop_out=1.0)], seed=3)
    assert given == Question.objects.count()  # each HIT was left half-way once, then finished by the same worker
    crowd_work(round=open_round, workers=crowd_make(size=15, seed=3), seed=3)
    wanted = Question.objects.count() * open_round.campaign.votes_per_question
    assert Vote.objects.count() == wanted


def test_the_crowd_of_a_seed_is_always_the_same_and_mixed():
    crowd = crowd_make(size=400, seed=9)
    assert crowd == crowd_make(size=400, seed=9)
    assert 5 <= sum(one.spam for one in crowd) <= 40
    assert sum(abs(one.bias) > 1 for one in crowd) > 5


def test_every_channel_of_the_registry_can_be_loaded_and_is_named_as_it_is_registered():
    assert {channel_get(name).name for name in CHANNELS} == set(CHANNELS)
    with pytest.raises(AnnotationError, match="no channel 'smoke signals'"):
        channel_get("smoke signals")


def test_a_crowd_reads_texts_and_finds_like_ones_alike(alice, tmp_path):
    from annotation.services.collections import collection_get, stimuli_import
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_open
    from tests.factories import small_campaign

    words = ["the train leaves at noon", "a train left at noon", "colourless green ideas sleep", "green ideas slept"]
    (tmp_path / "t.csv").write_text(
        "id,text,split\n" + "".join(f"{at},{words[at % 4]} {'very ' * (at // 4)},train\n" for at in range(12))
    )
    texts = collection_get(owner=alice, name="Texts")
    stimuli_import(collection=texts, path=tmp_path / "t.csv")
    key = dict(texts.stimuli.values_list("key", "pk"))
    seen = Perception(texts)
    assert seen.difference(key["0"], key["1"], key["2"]) > 0
    assert seen.difference(key["2"], key["1"], key["3"]) < 0
    round = round_open(
        round=round_propose_balanced(campaign=small_campaign(owner=alice, collection=texts, label=""), per_stimulus=3)
    )
    assert crowd_work(round=round, workers=crowd_make(size=8, seed=1), seed=1) > 0
    assert Vote.objects.filter(question__round=round).exists()
