"""Pages of learning: who sees them, what they show, and the buttons that start and stop a run."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from annotation.models import Dataset
from annotation.services.datasets import dataset_from_triplets
from learning.models import Evaluation, Run
from learning.services.runs import run_create

METRICS = {
    "dim": 5,
    "accuracy": 0.7361,
    "accuracy_count": 8,
    "accuracy_reason": "",
    "triplets": {
        name: {
            "satisfied": share,
            "count": 40,
            "by_margin": {"5": {"satisfied": share + 0.1, "count": 20}, "1": {"satisfied": share - 0.1, "count": 20}},
        }
        for name, share in (("train", 0.85), ("validation", 0.8), ("test", 0.7984))
    },
}
HISTORY = [{"iteration": 50, "losses": {"loss": 9.0, "kl": 1.0}, "validation": {"elbo": -3.0}}]


@pytest.fixture
def dataset(campaign: Any) -> Dataset:
    """Triplets of known order: what a crowd would say plays no part here."""
    keys = list(campaign.collection.stimuli.filter(split=0).values_list("key", flat=True))
    triplets = [(keys[place], keys[place + 1], keys[place + 2]) for place in range(0, 30, 3)]
    return dataset_from_triplets(campaign=campaign, triplets=triplets, source="test")


@pytest.fixture
def run(campaign: Any, dataset: Dataset) -> Run:
    """A run that waits."""
    return run_create(campaign=campaign, dataset=dataset, model="pca", config={"latent": 5})


def finish(run: Run, metrics: dict[str, Any] | None = None) -> Run:
    """What a worker leaves behind, without a training."""
    from annotation.files import content_store

    count = run.dataset.stimuli
    arrays = io.BytesIO()
    np.savez(arrays, projection=np.arange(3 * count, dtype=np.float32).reshape(count, 3))
    name, _ = content_store(folder="embeddings", content=arrays.getvalue(), suffix=".npz")
    now = timezone.now()
    encoder, _ = content_store(folder="encoders", content=b"a graph", suffix=".onnx")
    Run.objects.filter(pk=run.pk).update(
        status="done", embedding_file=name, encoder_file=encoder, started=now, finished=now
    )
    Evaluation.objects.create(run=run, metrics=metrics or METRICS)
    run.jobs.update(status="done")
    run.refresh_from_db()
    return run


@pytest.fixture
def researcher(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


ROUTES = [
    ("/campaigns/{slug}/learning/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/runs/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/runs/new/", "post", (302, 403, 400, 404, 400)),
    ("/runs/{run}/", "get", (302, 403, 200, 404, 200)),
    ("/runs/{run}/progress.json", "get", (302, 403, 200, 404, 200)),
    ("/runs/{run}/map.json", "get", (302, 403, 200, 404, 200)),
    ("/runs/{run}/map.bin", "get", (302, 403, 200, 404, 200)),
    ("/runs/{run}/encoder.onnx", "get", (302, 403, 200, 404, 200)),
    ("/runs/{run}/cancel/", "post", (302, 403, 302, 404, 302)),
    ("/runs/999999/", "get", (302, 403, 404, 404, 404)),
]


@pytest.mark.parametrize(("route", "method", "expected"), ROUTES)
def test_each_role_gets_what_it_may(
    route: str, method: str, expected: tuple[int, ...], run: Run, bob: Any, alice: Any, mallory: Any, admin: Any
) -> None:
    address = route.format(slug=run.campaign.slug, run=finish(run).pk)
    found = []
    for user in (None, bob, alice, mallory, admin):
        client = Client()
        if user is not None:
            client.force_login(user)
        found.append(getattr(client, method)(address).status_code)
    assert tuple(found) == expected


def test_a_map_that_a_browser_has_is_still_not_for_everybody(run: Run, alice: Any, mallory: Any, bob: Any) -> None:
    """A matching ETag is answered before the view runs; permission has to come before that."""
    address = f"/runs/{finish(run).pk}/map.bin"
    client = Client()
    client.force_login(alice)
    etag = client.get(address)["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    for user, status in ((mallory, 404), (bob, 403)):
        client.force_login(user)
        assert client.get(address, headers={"If-None-Match": etag}).status_code == status


def test_the_map_is_raw_numbers_and_what_is_known_of_them(researcher: Client, run: Run) -> None:
    finish(run)
    points = np.frombuffer(researcher.get(f"/runs/{run.pk}/map.bin").content, dtype="<f4").reshape(-1, 3)
    about = researcher.get(f"/runs/{run.pk}/map.json").json()
    assert points.tolist() == np.arange(3.0 * run.dataset.stimuli).reshape(-1, 3).tolist()
    assert (about["label"], about["categories"]) == ("expression", ["angry", "happy", "neutral", "sad"])
    assert len(about["keys"]) == len(about["category"]) == len(about["pictures"]) == len(points)
    for key, category in zip(about["keys"], about["category"], strict=True):
        assert key.endswith(about["categories"][category])
    assert researcher.get(about["pictures"][0]).status_code == 200


def test_the_encoder_is_downloaded_under_a_name_that_says_what_it_is(researcher: Client, run: Run) -> None:
    answer = researcher.get(f"/runs/{finish(run).pk}/encoder.onnx")
    assert b"".join(answer.streaming_content) == b"a graph"
    assert f'filename="semblance-run-{run.pk}-{run.model}.onnx"' in answer["Content-Disposition"]
    assert f"/runs/{run.pk}/encoder.onnx".encode() in researcher.get(f"/runs/{run.pk}/").content


@pytest.mark.parametrize(
    ("validation", "name", "shown"),
    [
        ({"elbo": -3.0}, "Validation ELBO", "-12.3"),
        ({"accuracy": 0.5}, "Validation accuracy", "-12.346"),
        ({"satisfied": 0.5}, "Validation triplets satisfied", "-12.346"),
    ],
)
def test_the_best_evaluation_is_shown_with_the_name_of_its_score(
    researcher: Client, run: Run, validation: dict[str, float], name: str, shown: str
) -> None:
    history = [{"iteration": 5, "losses": {}, "validation": validation}]
    Run.objects.filter(pk=finish(run).pk).update(best_value=-12.3456, best_iteration=5, progress={"history": history})
    page = researcher.get(f"/runs/{run.pk}/").content.decode()
    assert f"<dt>{name}</dt><dd>{shown}</dd>" in page
    listed = researcher.get(f"/campaigns/{run.campaign.slug}/runs/").content.decode()
    assert f'title="{name}">{shown}</td>' in listed


def test_a_run_that_is_not_done_has_no_map(researcher: Client, run: Run) -> None:
    assert researcher.get(f"/runs/{run.pk}/map.bin").status_code == 404
    assert researcher.get(f"/runs/{run.pk}/encoder.onnx").status_code == 404
    assert b'id="map"' not in researcher.get(f"/runs/{run.pk}/").content


def test_the_run_page_shows_its_evaluation(researcher: Client, run: Run) -> None:
    page = researcher.get(f"/runs/{finish(run).pk}/").content.decode()
    for figure in ("0.736", "linear SVM on 8 test stimuli", "0.798", "0.898", "0.698", "Margin 5", "Margin 1"):
        assert figure in page


def test_progress_tells_where_a_run_stands(researcher: Client, run: Run) -> None:
    address = f"/runs/{run.pk}/progress.json"
    waiting = researcher.get(address).json()
    assert (waiting["status"], waiting["over"], waiting["percent"], waiting["history"]) == ("queued", False, "0", [])
    progress = {"iteration": 250, "total": 1000, "eta_s": 300.0, "losses": {"kl": 1.0}, "history": HISTORY}
    Run.objects.filter(pk=run.pk).update(status="running", progress=progress)
    running = researcher.get(address).json()
    assert (running["iteration"], running["percent"], running["eta"]) == (250, "25", "5 min")
    assert running["history"] == HISTORY
    finish(run)
    assert researcher.get(address).json()["over"] is True


def test_the_comparison_has_the_papers_rows_and_marks_the_best(
    researcher: Client, campaign: Any, dataset: Dataset, run: Run
) -> None:
    from learning.selectors import comparison_rows
    from learning.views.figures import comparison

    finish(run)
    worse = {
        **METRICS,
        "dim": 12,
        "accuracy": 0.9,
        "triplets": {"test": {"satisfied": 0.6, "count": 40, "by_margin": {}}},
    }
    finish(run_create(campaign=campaign, dataset=dataset, model="identity"), worse)
    table = comparison(comparison_rows(campaign))
    assert table is not None
    assert table.levels == [5, 1]
    assert [line.name for line in table.lines] == ["None", "PCA", "VAE", "M1", "M2"]
    none, pca, vae = table.lines[:3]
    assert [cell.text for cell in none.cells] == ["0.900", "0.600", "–", "–"]
    assert [cell.text for cell in pca.cells] == ["0.736", "0.798", "0.898", "0.698"]
    assert [cell.best for cell in none.cells] == [True, False, False, False]
    assert [cell.best for cell in pca.cells] == [False, True, True, True]
    assert (vae.run, [cell.text for cell in vae.cells]) == (None, ["–"] * 4)
    assert researcher.get(f"/campaigns/{campaign.slug}/learning/").status_code == 200


def test_the_learning_page_renders_before_there_is_data(researcher: Client, campaign: Any) -> None:
    page = researcher.get(f"/campaigns/{campaign.slug}/learning/").content.decode()
    assert "nothing to train on" in page
    assert researcher.get(f"/campaigns/{campaign.slug}/").status_code == 200


def start(data: Dataset, **changes: Any) -> dict[str, Any]:
    return {"model": "triplet-vae", "dataset": data.pk, "iterations": "", "seed": 3, "config": "", **changes}


def test_a_run_is_started_with_its_settings(
    researcher: Client, campaign: Any, dataset: Dataset, announced: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = researcher.post(
            f"/campaigns/{campaign.slug}/runs/new/",
            start(dataset, iterations="700", config='{"latent": 4}', select_after="on"),
        )
    run = Run.objects.get()
    assert response["Location"] == f"/runs/{run.pk}/"
    assert (run.model, run.seed, run.select_after, run.status) == ("triplet-vae", 3, True, "queued")
    assert (run.config["iterations"], run.config["latent"]) == (700, 4)
    assert ("learning.tasks.job_run", (run.jobs.get().pk,)) in announced


def test_models_without_iterations_are_not_given_any(researcher: Client, campaign: Any, dataset: Dataset) -> None:
    researcher.post(f"/campaigns/{campaign.slug}/runs/new/", start(dataset, model="identity", iterations="700"))
    assert Run.objects.get().config == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "nothing"}, "valid choice"),
        ({"dataset": 10**9}, "valid choice"),
        ({"config": "{"}, "valid JSON"),
        ({"config": "[1]"}, "JSON object"),
        ({"config": '{"latnet": 4}'}, "latnet"),
        ({"config": '{"latent": "x"}'}, "latent"),
        ({"iterations": "0"}, "greater than or equal to 1"),
        ({"seed": "-1"}, "greater than or equal to 0"),
    ],
)
def test_settings_that_make_no_sense_start_nothing(
    researcher: Client, campaign: Any, dataset: Dataset, changes: dict[str, Any], says: str
) -> None:
    response = researcher.post(f"/campaigns/{campaign.slug}/runs/new/", start(dataset, **changes))
    assert response.status_code == 400
    assert says in response.content.decode()
    assert not Run.objects.exists()


def test_a_waiting_run_is_cancelled_and_a_finished_one_is_not(researcher: Client, run: Run) -> None:
    researcher.post(f"/runs/{run.pk}/cancel/")
    run.refresh_from_db()
    assert run.status == "cancelled"
    again = researcher.post(f"/runs/{run.pk}/cancel/", follow=True)
    assert f"Run {run.pk} is over." in again.content.decode()


def test_a_failed_run_says_why(researcher: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(status="failed", error="The training <diverged>.")
    assert "The training &lt;diverged&gt;." in researcher.get(f"/runs/{run.pk}/").content.decode()


def test_the_list_of_runs_asks_no_more_for_more_runs(
    researcher: Client, campaign: Any, dataset: Dataset, run: Run, django_assert_max_num_queries: Any
) -> None:
    for _ in range(4):
        run_create(campaign=campaign, dataset=dataset, model="identity")
    with django_assert_max_num_queries(5) as seen:
        page = researcher.get(f"/campaigns/{campaign.slug}/runs/").content.decode()
    assert len(seen) <= 5
    assert page.count("badge queued") == 5
