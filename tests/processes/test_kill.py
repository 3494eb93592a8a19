"""kill -9 in the middle of a training loses nothing: it goes on from its checkpoint and ends in the same bits."""

import json

import pytest

from tests.processes.conftest import Site

pytestmark = pytest.mark.processes

BUILD = """
from pathlib import Path
from accounts.services import user_create
from tests.factories import closed_round, small_campaign, small_collection
from learning.services.runs import run_create
owner = user_create(username="alice", role="researcher")[0]
campaign = small_campaign(owner=owner, collection=small_collection(owner=owner, folder=Path(r"{folder}")))
_, dataset = closed_round(campaign)
config = dict(iterations=1600, evaluate_every=100, encoder=[64, 32], decoder=[64, 32], latent=4, device="cpu")
interrupted = run_create(campaign=campaign, dataset=dataset, model="triplet-vae", config=config, seed=5)
print(interrupted.pk)
"""
AGAIN = """
from learning.services.runs import run_create
run = Run.objects.get(pk={run})
print(run_create(campaign=run.campaign, dataset=run.dataset, model=run.model, config=run.config, seed=run.seed).pk)
"""
STATE = """
import json
run = Run.objects.get(pk={run})
job = run.jobs.get()
print(json.dumps(dict(status=run.status, error=run.error, attempts=job.attempt, embedding=run.embedding_file,
                      checkpoint=run.checkpoints.get().sha256, best=run.best_iteration)))
"""


def test_a_training_that_is_killed_resumes_and_ends_as_if_nothing_had_happened(site: Site):
    run = site.program(BUILD.format(folder=site.folder))
    worker = site.worker()
    site.wait(f"Run.objects.filter(pk={run}, status='running', progress__iteration__gte=400).count()")
    site.kill(worker)
    seen = site.program(f"run = Run.objects.get(pk={run}); print(run.status, run.progress['iteration'])").split()
    assert seen[0] == "running"
    assert int(seen[1]) < 1600, "the training ended before it could be killed"

    site.worker()
    site.wait(f"Run.objects.filter(pk={run}).exclude(status__in=['queued', 'running']).count()")
    interrupted = json.loads(site.program(STATE.format(run=run)))
    assert (interrupted["status"], interrupted["error"]) == ("done", "")
    assert interrupted["attempts"] == 2

    other = site.program(AGAIN.format(run=run))
    site.wait(f"Run.objects.filter(pk={other}, status='done').count()")
    undisturbed = json.loads(site.program(STATE.format(run=other)))
    assert undisturbed["attempts"] == 1
    # Files are named by their content: the same names are the same bits.
    assert undisturbed["embedding"] == interrupted["embedding"]
    assert undisturbed["checkpoint"] == interrupted["checkpoint"]
    assert undisturbed["best"] == interrupted["best"]
