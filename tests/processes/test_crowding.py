"""Many annotators at once in processes of their own, on both databases, through the services alone.

What happens on the way there, to connections and to servers, is in test_chaos.py.
"""

import json
import subprocess
import sys

import pytest

from tests.processes.conftest import PRELUDE, ROOT, Site

pytestmark = pytest.mark.processes
PROCESSES, WORKERS_EACH, K = 5, 4, 5

BUILD = """
from pathlib import Path
from accounts.services import user_create
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from tests.factories import small_campaign, small_collection
owner = user_create(username="alice", role="researcher")[0]
collection = small_collection(owner=owner, folder=Path(r"{folder}"))
campaign = small_campaign(owner=owner, collection=collection, hit_size=6)
print(round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=6)).pk)
"""

# One process: some workers that claim, answer twice, return, let leases run out, come back late.
ANNOTATE = """
import json, random, time
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from annotation.selectors.queue import assignment_questions
from annotation.services.assignments import assignment_claim, assignment_return
from annotation.services.answers import Answer
from annotation.services.votes import votes_record
from annotation.services.workers import worker_get
chance = random.Random({seed})
campaign = Campaign.objects.get()
workers = [worker_get(channel="test", external_id=f"{seed}-{{number}}") for number in range({workers})]
acknowledged, idle = {{}}, 0

def send(assignment, answers):
    receipt = votes_record(assignment_id=assignment.pk, worker=assignment.worker, answers=answers)
    acknowledged.update((str(one), "counted") for one in receipt.saved)
    acknowledged.update((str(one), reason) for one, reason in receipt.uncounted.items())

while idle < 40:
    worker = chance.choice(workers)
    assignment = assignment_claim(campaign=campaign, worker=worker)
    if assignment is None:
        idle += 1
        time.sleep(0.01)
        continue
    idle = 0
    asked = assignment_questions(assignment)
    answers = [Answer(q.question_id, chance.choice(["left", "right"]), 500, uuid4()) for q in asked]
    fate = chance.random()
    if fate < 0.15:
        send(assignment, answers[: len(answers) // 2])
        assignment_return(assignment_id=assignment.pk, worker=worker)
    elif fate < 0.30:
        # The lease runs out under the worker, whose answers then come late.
        Assignment.objects.filter(pk=assignment.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        time.sleep(0.01 * chance.random())
        send(assignment, answers)
    else:
        for answer in answers:
            send(assignment, [answer])
            if chance.random() < 0.2:
                send(assignment, [answer])
print(json.dumps(acknowledged))
"""
CHECK = f"""
import json
from tests.annotation.services import invariants
print(json.dumps(dict(
    votes=Vote.objects.count(),
    wanted={K} * Question.objects.count(),
    problems=invariants.problems() + invariants.unanswered(),
    kept=[[str(one), "counted"] for one in Vote.objects.values_list("client_id", flat=True)]
    + [[str(one), reason] for one, reason in UncountedVote.objects.values_list("client_id", "reason")],
    open_slots=sum(Hit.objects.values_list("open_slots", flat=True)),
    active=Assignment.objects.filter(status="active").count(),
)))
"""


def test_every_question_gets_exactly_k_votes_whatever_twenty_annotators_do(site: Site):
    site.program(BUILD.format(folder=site.folder))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PRELUDE + ANNOTATE.format(seed=seed, workers=WORKERS_EACH)],
            cwd=ROOT,
            env=site.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(PROCESSES)
    ]
    acknowledged = {}
    for process in processes:
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        acknowledged |= json.loads(output.strip().splitlines()[-1])
    state = json.loads(site.program(CHECK))
    assert state["problems"] == []
    assert state["votes"] == state["wanted"]
    assert (state["open_slots"], state["active"]) == (0, 0)
    assert len(acknowledged) > 400
    assert dict(state["kept"]) == acknowledged
