"""Workers excluded and reinstated while they and others vote, on both databases: every question ends with exactly K."""

import json
import subprocess
import sys

import pytest

from tests.processes.conftest import PRELUDE, ROOT, Site

pytestmark = pytest.mark.processes
VOTERS, WORKERS_EACH, K = 3, 4, 4

BUILD = """
from pathlib import Path
from accounts.services import user_create
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from tests.factories import small_campaign, small_collection
owner = user_create(username="alice", role="researcher")[0]
collection = small_collection(owner=owner, folder=Path(r"{folder}"))
campaign = small_campaign(
    owner=owner, collection=collection, hit_size=6, votes_per_question=4,
    golds_first=1, golds_later=1, attention=1, repeats=1,
)
print(round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3)).pk)
"""

# One process: workers that claim and answer one by one, the short way and the long way, return, and lose leases.
ANNOTATE = """
import json, random, time
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from annotation.errors import VoteRejected
from annotation.selectors.queue import assignment_questions
from annotation.services.assignments import assignment_claim, assignment_return
from annotation.services.answers import Answer
from annotation.services.tickets import ticket_make, ticket_read
from annotation.services.votes import votes_record
from annotation.services.votes_quick import vote_record_quick
from annotation.services.workers import worker_get
chance = random.Random({seed})
campaign = Campaign.objects.get()
workers = [worker_get(channel="test", external_id=f"{seed}-{{number}}") for number in range({workers})]
acknowledged, idle = [], 0
while len(acknowledged) < {answers} and idle < 300:
    worker = chance.choice(workers)
    assignment = assignment_claim(campaign=campaign, worker=worker)
    if assignment is None:
        idle += 1
        time.sleep(0.02)
        continue
    idle = 0
    answers = [
        Answer(one.question_id, chance.choice(["left", "right"]), 900, uuid4(), one.place)
        for one in assignment_questions(assignment)
    ]
    fate = chance.random()
    if fate < 0.3:
        answers = answers[: len(answers) // 2]
    if fate < 0.1:
        Assignment.objects.filter(pk=assignment.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    ticket = ticket_read(ticket_make(assignment=assignment, campaign=campaign))
    for answer in answers:
        if not vote_record_quick(ticket=ticket, answer=answer):
            try:
                votes_record(assignment_id=assignment.pk, worker=worker, answers=[answer], submit=False)
            except VoteRejected:
                continue
        if not answer.probes:
            acknowledged.append(str(answer.client_id))
    if 0.1 < fate < 0.3:
        assignment_return(assignment_id=assignment.pk, worker=worker)
print(json.dumps(acknowledged))
"""
# Another: people who decide about them, again and again, and the clock, which finishes what was left.
DECIDE = """
import random, time
from accounts.models import User
from annotation.errors import WrongState
from annotation.services.conduct import worker_exclude, worker_reinstate
from annotation.services.exclusions import exclusions_finish
chance, by, decided = random.Random({seed}), User.objects.get(), 0
while decided < {decisions}:
    rows = list(Participation.objects.all())
    for who in chance.sample(rows, min(2, len(rows))):
        try:
            (worker_exclude if chance.random() < 0.5 else worker_reinstate)(participation=who, by=by)
            decided += 1
        except WrongState:
            pass
    if chance.random() < 0.2:
        exclusions_finish()
    time.sleep(0.2 * chance.random())
print(decided)
"""
# At the end everybody is reinstated or excluded for good, and new workers answer what is left.
FINISH = """
import json
from collections import Counter
from accounts.models import User
from annotation.services.assignments import assignment_claim, assignments_expire
from annotation.services.conduct import worker_exclude
from annotation.services.exclusions import exclusions_finish
from annotation.services.workers import worker_get
from django.utils import timezone
from tests.factories import answer_all
exclusions_finish(limit=1000)
Assignment.objects.filter(status="active").update(lease_until=timezone.now() - timezone.timedelta(seconds=1))
assignments_expire(now=timezone.now())
campaign = Campaign.objects.get()
for number in range(3 * {k}):
    worker = worker_get(channel="test", external_id=f"last-{{number}}")
    while (assignment := assignment_claim(campaign=campaign, worker=worker)) is not None:
        answer_all(assignment)
asked = Question.objects.filter(role="asked")
excluded = Participation.objects.filter(standing="excluded").values("worker")
print(json.dumps(dict(
    questions=asked.count(),
    votes=sorted(Counter(Vote.objects.values_list("question", flat=True)).values()),
    repeated=Vote.objects.count() - Vote.objects.values("worker", "question").distinct().count(),
    by_excluded=Vote.objects.filter(worker__in=excluded).count(),
    known=[str(one) for model in (Vote, UncountedVote) for one in model.objects.values_list("client_id", flat=True)],
    open_slots=sum(Hit.objects.values_list("open_slots", flat=True)),
)))
"""


def test_exclusion_and_reinstatement_race_with_votes_and_nothing_is_lost_or_collected_twice(site: Site):
    site.program(BUILD.format(folder=site.folder))
    programs = [
        *(ANNOTATE.format(seed=seed, workers=WORKERS_EACH, answers=120) for seed in range(VOTERS)),
        *(DECIDE.format(seed=seed, decisions=40) for seed in range(2)),
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PRELUDE + program],
            cwd=ROOT,
            env=site.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for program in programs
    ]
    outputs = []
    for process in processes:
        output, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
        outputs.append(json.loads(output.strip().splitlines()[-1]))
    acknowledged, decided = [one for given in outputs[:VOTERS] for one in given], sum(outputs[VOTERS:])
    state = json.loads(site.program(FINISH.format(k=K)))
    assert len(acknowledged) > 100
    assert decided >= 80
    assert state["votes"] == [K] * state["questions"]
    assert (state["repeated"], state["by_excluded"], state["open_slots"]) == (0, 0, 0)
    assert set(acknowledged) <= set(state["known"])
