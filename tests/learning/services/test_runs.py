"""Runs: what is asked for, checked before it costs anything."""

import pytest

from learning.errors import LearningError
from learning.models import Job, Run
from learning.services.runs import plan_set, run_create
from tests.factories import closed_round, small_campaign

pytestmark = pytest.mark.django_db


def test_a_run_keeps_all_that_makes_it_reproducible(campaign):
    _, dataset = closed_round(campaign)
    run = run_create(campaign=campaign, dataset=dataset, model="vae", config={"iterations": 10}, seed=4)
    assert run.config["iterations"] == 10
    assert run.config["seed"] == 4
    assert run.config["learning_rate"] == 1e-4
    assert run.data_sha256 == dataset.content_sha256
    assert run.code_version


@pytest.mark.parametrize(
    ("model", "config", "message"),
    [
        ("triplet-vea", {}, "triplet-vea"),
        ("vae", {"iteration": 5}, "no field 'iteration'"),
        ("vae", {"iterations": "many"}, "whole number"),
        ("vae", {"dropout": 1.5}, "dropout"),
    ],
)
def test_a_run_that_cannot_be_is_refused(campaign, model, config, message):
    _, dataset = closed_round(campaign)
    with pytest.raises(LearningError, match=message):
        run_create(campaign=campaign, dataset=dataset, model=model, config=config)
    assert not Run.objects.exists()


def test_a_dataset_of_another_campaign_is_refused(campaign, alice, collection):
    _, dataset = closed_round(campaign)
    other = small_campaign(owner=alice, collection=collection, name="Other")
    with pytest.raises(LearningError, match="another campaign"):
        run_create(campaign=other, dataset=dataset, model="pca")


def test_closing_a_round_starts_what_the_plan_says(campaign, announced, django_capture_on_commit_callbacks):
    plan_set(campaign=campaign, model="pca", config={"latent": 3})
    with django_capture_on_commit_callbacks(execute=True):
        _, dataset = closed_round(campaign)
    run = Run.objects.get()
    assert (run.model, run.dataset, run.select_after) == ("pca", dataset, True)
    assert ("learning.tasks.job_run", (run.jobs.get().pk,)) in announced


def test_a_campaign_without_a_plan_waits_for_its_researcher(campaign):
    closed_round(campaign)
    assert not Job.objects.exists()


def test_a_plan_with_an_unknown_selector_is_refused(campaign):
    with pytest.raises(LearningError, match="no selector 'magic'"):
        plan_set(campaign=campaign, selector="magic")
