"""A simulated campaign with checks, under the clock: who does not look is stopped, who looks is left in peace."""

import numpy as np
import pytest

from annotation.crowd.simulated import SimulatedWorker, crowd_work
from annotation.models import Campaign, Hit, Participation, Question, Stimulus, Vote
from annotation.services.conduct import workers_assess_due
from annotation.services.golds import probes_prepare
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from tests.factories import small_campaign

pytestmark = pytest.mark.django_db
HITS = 20


def person(name, **traits):
    """Somebody who looks: hardly errs on easy questions, about one answer in twelve is faster than 800 ms."""
    fields = {"competence": 3.0, "bias": 0.1, "speed_ms": 1400.0, "drop_out": 0.05, "spam": False, **traits}
    return SimulatedWorker(name=name, **fields)


CAREFUL = [person(f"careful-{n}", competence=2.5 + n / 4, speed_ms=1200.0 + 150 * n) for n in range(8)]
JUNK = {
    "guesses": person("guesses", competence=0.0, spam=True, speed_ms=700.0),
    "guesses-too": person("guesses-too", competence=0.0, spam=True, speed_ms=500.0),
    "left": person("left", competence=0.0, bias=6.0),
    "right": person("right", competence=0.0, bias=-6.0),
    "bot": person("bot", competence=0.0, speed_ms=120.0),
}


UNITS = {"neutral": (0, 0, 0, 0), "happy": (0, 3, 3, 1), "sad": (4, 0, 0, 3), "angry": (1, 0, 4, 4)}


def show_units(collection):
    """Label what the faces show: what the crowd sees of them, and what easy cases are made from."""
    rng = np.random.default_rng(6)
    stimuli = list(collection.stimuli.all())
    for stimulus in stimuli:
        shown = UNITS[stimulus.labels["expression"]] + rng.normal(0, 0.4, 4)
        stimulus.labels |= {
            name: f"{max(value, 0):.2f}" for name, value in zip(("AU1", "AU6", "AU12", "AU4"), shown, strict=True)
        }
    Stimulus.objects.bulk_update(stimuli, ["labels"])


@pytest.fixture
def round(alice, collection):
    show_units(collection)
    plan = {"golds_first": 2, "golds_later": 1, "attention": 1, "repeats": 1}
    campaign = small_campaign(owner=alice, collection=collection, hit_size=HITS, **plan)
    probes_prepare(campaign=campaign)
    return round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=24))


def standing(name):
    return Participation.objects.get(worker__external_id=name).standing


@pytest.mark.parametrize("seed", [1, 2])
def test_junk_ends_paused_or_excluded_and_careful_work_does_not(round, seed):
    def clock(votes):
        # The clock ticks after each HIT.
        workers_assess_due()

    crowd = [*CAREFUL, *JUNK.values()]
    # Some come back after the others were stopped, for what is to be asked again.
    for turn in range(4):
        crowd_work(round=round, workers=crowd, seed=seed + 10 * turn, on_progress=clock)
    workers_assess_due()
    assert {who.name: standing(who.name) for who in CAREFUL} == {who.name: "good" for who in CAREFUL}
    found = {name: standing(name) for name in JUNK}
    assert all(one in ("paused", "excluded") for one in found.values()), found
    assert found["left"] == found["right"] == found["bot"] == "excluded"
    # What was excluded was asked again of those who look: the round is whole, with exactly K votes a question.
    assert not Hit.objects.filter(open_slots__gt=0).exists()
    asked = Question.objects.filter(round=round).count()
    assert Vote.objects.count() == 5 * asked
    assert not Vote.objects.filter(worker__external_id__in=["left", "right", "bot"]).exists()
    assert Participation.objects.filter(rejection="proposed").exclude(worker__external_id="bot").count() == 0
    assert not Participation.objects.filter(rejection="confirmed").exists()
    assert Campaign.objects.get().questions.filter(role=Question.Role.GOLD).count() == 13
