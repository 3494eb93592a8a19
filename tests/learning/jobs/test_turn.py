"""One turn of the loop in this process: votes, dataset, training, evaluation, selection, the next round."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from annotation.selectors.datasets import dataset_load
from annotation.services.collections import collection_get, stimuli_import
from annotation.services.datasets import dataset_from_triplets
from learning.jobs.execute import execute
from learning.models import Evaluation, Job, Run, Selection
from learning.selectors import comparison_rows, embedding_load, run_map
from learning.services.jobs import job_claim
from learning.services.runs import plan_set, run_cancel, run_create
from tests.factories import closed_round, small_campaign

pytestmark = pytest.mark.django_db
SMALL = {"iterations": 40, "evaluate_every": 20, "encoder": [16], "decoder": [16], "latent": 3, "batch_size": 16}


def work(run, kind="train"):
    """Do a run's job as a worker would, in this process."""
    claim = job_claim(job_id=run.jobs.get(kind=kind).pk)
    execute(job_id=claim.job.pk, attempt=claim.attempt)
    run.refresh_from_db()
    return run


@pytest.fixture
def dataset(campaign):
    return closed_round(campaign)[1]


@pytest.mark.parametrize(
    ("model", "config"),
    [("identity", {}), ("pca", {"latent": 3}), ("vae", SMALL), ("neutral-vae", SMALL), ("triplet-vae", SMALL)],
)
def test_every_model_trains_and_is_evaluated(campaign, dataset, model, config, settings):
    run = work(run_create(campaign=campaign, dataset=dataset, model=model, config=config))
    assert (run.status, run.error) == (Run.Status.DONE, "")
    assert not (settings.DATA_DIR / "runs" / str(run.pk)).exists()
    arrays = embedding_load(run)
    assert arrays["embedding"].shape[0] == dataset.stimuli
    assert arrays["projection"].shape == (dataset.stimuli, 3)
    row = comparison_rows(campaign)[0]
    frozen = dataset_load(dataset)
    test = frozen.triplets[frozen.triplet_split == 2]
    z = arrays["embedding"].astype(np.float64)
    naive = np.mean([np.linalg.norm(z[r] - z[p]) <= np.linalg.norm(z[r] - z[n]) for r, p, n in test])
    assert row.satisfied == pytest.approx(naive)
    assert row.run.evaluation.metrics["triplets"]["test"]["count"] == len(test)


def image_dataset(owner, folder):
    """Pictures of one shade a class, with no features; the shades of the classes are far apart."""
    rng = np.random.default_rng(4)
    lines = ["id,picture,subject,neutral,tone"]
    for person in range(20):
        for tone, shade in (("dark", 60), ("light", 190)):
            pixels = np.clip(rng.normal(shade, 12, (20, 30)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"p{person}-{tone}.png")
            lines.append(f"p{person}-{tone},p{person}-{tone}.png,p{person},p{person}-dark,{tone}")
    (folder / "images.csv").write_text("\n".join(lines))
    collection = collection_get(owner=owner, name="Images")
    stimuli_import(collection=collection, path=folder / "images.csv", seed=1)
    campaign = small_campaign(owner=owner, collection=collection, name="Images", label="tone")
    triplets = []
    for split in range(3):
        people = sorted(
            {key.split("-")[0] for key in collection.stimuli.filter(split=split).values_list("key", flat=True)}
        )
        triplets += [(f"{a}-dark", f"{b}-dark", f"{b}-light") for a, b in pairwise(people)]
    return dataset_from_triplets(campaign=campaign, triplets=triplets, source="test")


IMAGES = {"iterations": 30, "evaluate_every": 10, "image_size": 48, "width": 4, "latent": 3, "learning_rate": 3e-3}


@pytest.mark.parametrize(
    ("model", "config"),
    [
        ("pca", {"latent": 3}),
        ("neutral-vae", IMAGES | {"encoder": [16], "decoder": [16], "batch_size": 8, "samples": 1}),
        ("sgm", IMAGES | {"samples": 6, "s": 2.0, "flip": 0.5}),
        ("cnn", IMAGES | {"samples": 6, "encoder": "cvgg13", "image_colour": "rgb"}),
    ],
)
def test_pictures_without_features_are_learnt_from(alice, tmp_path, model, config):
    dataset = image_dataset(alice, tmp_path)
    assert dataset_load(dataset).features is None
    run = work(run_create(campaign=dataset.campaign, dataset=dataset, model=model, config=config))
    assert (run.status, run.error) == (Run.Status.DONE, "")
    assert run.config.get("label", "tone") == "tone"
    assert embedding_load(run)["embedding"].shape == (40, 3)
    assert run.evaluation.metrics["metrics"]["knn"]["accuracy"]["value"] == 1, "dark and light are easily told apart"
    assert run.encoder_file


def test_a_picture_that_is_gone_is_named(alice, tmp_path):
    dataset = image_dataset(alice, tmp_path)
    dataset.campaign.collection.stimuli.filter(key="p3-light").update(picture="")
    run = work(run_create(campaign=dataset.campaign, dataset=dataset, model="pca", config={"latent": 3}))
    assert run.status == Run.Status.FAILED
    assert "stimulus 'p3-light' has no picture" in run.error


def test_a_trained_run_proposes_a_round_that_was_never_asked_and_asks_only_about_training_people(campaign, dataset):
    plan_set(campaign=campaign, select_count=15, pool_size=300)
    asked = set(campaign.questions.values_list("reference", "a", "b"))
    run = work(run_create(campaign=campaign, dataset=dataset, model="triplet-vae", config=SMALL, select_after=True))
    work(run, "select")
    selection = Selection.objects.get(run=run)
    round = selection.round
    assert (round.status, round.number, round.questions.count()) == ("proposed", 2, 15)
    assert round.origin["run"] == run.pk
    assert set(round.questions.values_list("split", flat=True)) == {0}
    assert not asked & set(round.questions.values_list("reference", "a", "b"))
    assert all(score is not None for score in round.questions.values_list("score", flat=True))


def test_doing_a_selection_twice_proposes_once(campaign, dataset):
    plan_set(campaign=campaign, select_count=5)
    run = work(run_create(campaign=campaign, dataset=dataset, model="pca", config={"latent": 3}, select_after=True))
    work(run, "select")
    Job.objects.create(kind="select", run=run)
    claim = job_claim(job_id=run.jobs.filter(kind="select", status="queued").get().pk)
    execute(job_id=claim.job.pk, attempt=claim.attempt)
    assert campaign.rounds.count() == 2
    assert Job.objects.get(pk=claim.job.pk).status == "done"


def test_a_selection_with_nothing_left_to_ask_ends_without_a_round(campaign, dataset):
    plan_set(campaign=campaign, select_count=10**6, pool_size=10**6)
    run = work(run_create(campaign=campaign, dataset=dataset, model="pca", config={"latent": 3}, select_after=True))
    work(run, "select")
    second = work(run_create(campaign=campaign, dataset=dataset, model="pca", config={"latent": 4}, select_after=True))
    work(second, "select")
    assert campaign.rounds.count() == 2
    assert second.jobs.get(kind="select").status == "done"


def test_a_run_that_cannot_train_says_why(campaign, dataset):
    run = run_create(campaign=campaign, dataset=dataset, model="pca", config={"latent": 1000})
    work(run)
    assert run.status == Run.Status.FAILED
    assert "1000" in run.error
    assert not Evaluation.objects.exists()


def test_a_cancelled_run_stops(campaign, dataset):
    run = run_create(campaign=campaign, dataset=dataset, model="vae", config={**SMALL, "iterations": 10**6})
    claim = job_claim(job_id=run.jobs.get().pk)
    run_cancel(run=run)
    execute(job_id=claim.job.pk, attempt=claim.attempt)
    run.refresh_from_db()
    assert run.status == Run.Status.CANCELLED
    assert run.jobs.get().status == Job.Status.CANCELLED


def test_the_map_is_coloured_by_the_campaigns_label(campaign, dataset):
    run = work(run_create(campaign=campaign, dataset=dataset, model="pca", config={"latent": 3}))
    seen = run_map(run)
    assert seen.categories == ["angry", "happy", "neutral", "sad"]
    assert [seen.keys[row].split("-")[1] for row in range(8)] == [
        seen.categories[seen.category[row]] for row in range(8)
    ]
    assert seen.points.shape == (dataset.stimuli, 3)
