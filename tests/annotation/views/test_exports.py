"""The exports: every answer with what there is to say about it, safe in a spreadsheet, small in memory."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from annotation.formats.answers.table import ANSWER_COLUMNS
from annotation.models import Assignment, Campaign, Probe, Question, Round, UncountedVote, Vote, Worker
from annotation.services.assignments import assignment_claim
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_finish, round_open
from annotation.services.workers import worker_for_user, worker_get
from tests.factories import answer_all, small_campaign


@pytest.fixture
def researcher(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def table(client: Client, campaign: Campaign, name: str = "votes") -> list[dict[str, str]]:
    content = b"".join(client.get(f"/campaigns/{campaign.slug}/{name}.csv").streaming_content)
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def answered(campaign: Campaign, user: Any, side: str = "left") -> Assignment:
    assignment = assignment_claim(campaign=campaign, worker=worker_for_user(user=user))
    assert assignment is not None
    answer_all(assignment, side)
    return assignment


def at(row: Any, seconds: float) -> None:
    """Say when an answer came."""
    came = "answered" if isinstance(row, Probe) else "created"
    type(row).objects.filter(pk=row.pk).update(**{came: timezone.now() + timedelta(seconds=seconds)})


def test_every_vote_is_a_row_with_its_stimuli_side_and_slot(
    researcher: Client, open_round: Round, bob: Any, carol: Any
) -> None:
    campaign = open_round.campaign
    held = [answered(campaign, bob), answered(campaign, carol, "right")]
    rows = table(researcher, campaign)
    assert tuple(rows[0]) == ANSWER_COLUMNS
    assert len(rows) == Vote.objects.count() == 24
    by_key = {(row["question"], row["worker"]): row for row in rows}
    for vote in Vote.objects.select_related("question__reference", "question__a", "question__b", "worker"):
        row = by_key[str(vote.question_id), vote.worker.pseudonym]
        question = vote.question
        assert (row["reference"], row["a"], row["b"]) == (question.reference.key, question.a.key, question.b.key)
        assert (row["left"], row["choice"], row["slot"]) == (vote.left, vote.choice, str(vote.slot))
        assert (row["kind"], row["probe"], row["counted"], row["reason"]) == ("triplet", "", "yes", "")
        assert (row["round"], row["response_ms"]) == ("1", "900")
    assert {row["assignment"] for row in rows} == {str(one.pk) for one in held}
    assert bob.username not in {row["worker"] for row in rows}


def test_the_servers_time_runs_from_answer_to_answer_of_one_assignment_over_all_kinds_of_answers(
    researcher: Client, open_round: Round, bob: Any, carol: Any
) -> None:
    campaign = open_round.campaign
    first = answered(campaign, bob)
    other = answered(campaign, carol)
    votes = list(first.votes.order_by("pk")[:2])
    Vote.objects.filter(assignment=first).exclude(pk__in=[vote.pk for vote in votes]).delete()
    Vote.objects.filter(assignment=other).exclude(pk=other.votes.first().pk).delete()
    gold = campaign.questions.create(
        role="gold", kind="label", expected="1", reference=campaign.collection.stimuli.first(), split=0
    )
    probe = Probe.objects.create(
        assignment=first, worker=first.worker, question=gold, kind="gold", place=1, choice="2", response_ms=700,
        client_id=uuid4(), answered=timezone.now(),
    )  # fmt: skip
    Probe.objects.create(assignment=first, worker=first.worker, question=votes[0].question, kind="repeat", place=5)
    late = UncountedVote.objects.create(
        question=campaign.questions.exclude(pk__in=[gold.pk, *(v.question_id for v in votes)]).first(),
        assignment=first, worker=first.worker, left="a", choice="x", response_ms=400, client_id=uuid4(),
        created=timezone.now(), reason="late", since=timezone.now(),
    )  # fmt: skip
    for row, seconds in ((votes[0], 0), (other.votes.get(), 1), (probe, 2), (late, 2.5), (votes[1], 7)):
        at(row, seconds)
    rows = table(researcher, campaign)
    shown = [(row["probe"], row["choice"], row["server_ms"], row["counted"], row["reason"]) for row in rows]
    times = [round(float(row[2]), -2) if row[2] else None for row in shown]
    assert times == [None, 2000, 500, 4500, None], "unanswered probes are no rows, and each worker has an own clock"
    assert shown[1][0::4] == ("gold", "probe")
    assert (rows[1]["label"], rows[1]["expected"], rows[1]["slot"]) == ("positive", "1", "")
    assert shown[2][3:] == ("no", "late")


def test_json_lines_say_the_same_with_types(researcher: Client, open_round: Round, bob: Any) -> None:
    campaign = open_round.campaign
    answered(campaign, bob)
    content = b"".join(researcher.get(f"/campaigns/{campaign.slug}/votes.jsonl").streaming_content)
    rows = [json.loads(line) for line in content.decode().splitlines()]
    assert [str(row["question"]) for row in rows] == [row["question"] for row in table(researcher, campaign)]
    assert (rows[0]["server_ms"], rows[1]["server_ms"]) == (None, 0)
    assert rows[0]["counted"] is True
    assert isinstance(rows[0]["response_ms"], int)


def test_an_empty_campaign_is_a_header(researcher: Client, campaign: Campaign) -> None:
    assert table(researcher, campaign) == []
    assert table(researcher, campaign, "labels") == []
    assert b"".join(researcher.get(f"/campaigns/{campaign.slug}/votes.jsonl").streaming_content) == b""


@pytest.fixture
def labelled(alice: Any, collection: Any) -> Round:
    """One bundle of labels, whose names a spreadsheet would run."""
    campaign = small_campaign(
        owner=alice, collection=collection, name="Labels", kind="label", choices=["=cmd()", "neutral"], hit_size=48
    )
    return round_open(round=round_propose_balanced(campaign=campaign))


def test_no_cell_starts_a_formula(researcher: Client, labelled: Round, bob: Any) -> None:
    campaign = labelled.campaign
    stimulus = campaign.collection.stimuli.first()
    stimulus.key = "=HYPERLINK(1)"
    stimulus.save()
    answered(campaign, bob, "0")
    round_finish(round=round_close(round=labelled))
    for name in ("votes", "labels"):
        content = b"".join(researcher.get(f"/campaigns/{campaign.slug}/{name}.csv").streaming_content).decode()
        cells = [cell for row in csv.reader(io.StringIO(content, newline="")) for cell in row]
        assert "'=HYPERLINK(1)" in cells
        assert "'=cmd()" in cells
        assert not [cell for cell in cells if cell.startswith(tuple("=+@\t\r"))]
        assert not [cell for cell in cells if cell.startswith("-") and not cell[1:].isdigit()]


def test_label_results_are_the_votes_counted(researcher: Client, labelled: Round, bob: Any, carol: Any) -> None:
    campaign = labelled.campaign
    for number, choice in enumerate("00011"):
        worker = worker_get(channel="local", external_id=f"w{number}")
        assignment = assignment_claim(campaign=campaign, worker=worker)
        answer_all(assignment, choice)
    first = Question.objects.filter(round=labelled).order_by("pk").first()
    Vote.objects.filter(question=first, choice="0").update(choice="x")
    assert table(researcher, campaign, "labels") == [], "before the round is counted there is nothing"
    round_finish(round=round_close(round=labelled))
    rows = table(researcher, campaign, "labels")
    assert len(rows) == campaign.questions.count() == 48
    unsure, *others = rows
    assert (unsure["votes: =cmd()"], unsure["votes: can't tell"], unsure["winner"], unsure["margin"]) == (
        "0",
        "3",
        "neutral",
        "2",
    )
    assert {(row["votes: =cmd()"], row["votes: neutral"], row["winner"], row["margin"]) for row in others} == {
        ("3", "2", "'=cmd()", "1")
    }
    assert Counter(row["split"] for row in rows) == {"train": 40, "validation": 4, "test": 4}


def many_votes(campaign: Campaign, workers: int) -> int:
    """Fill a campaign with votes quicker than people could."""
    round = round_propose_balanced(campaign=campaign, per_stimulus=60)
    questions = list(round.questions.values_list("pk", "hit"))
    hits = list(round.hits.all())
    made = Worker.objects.bulk_create(
        Worker(channel="local", external_id=f"many-{n}", pseudonym=f"w-{n:012d}") for n in range(workers)
    )
    now = timezone.now()
    turns = Assignment.objects.bulk_create(
        Assignment(
            campaign=campaign, hit=hit, worker=who, slot=slot, status="submitted", seed=1, lease_until=now
        )
        for slot, who in enumerate(made)
        for hit in hits
    )  # fmt: skip
    turn_of = {(turn.worker_id, turn.hit_id): turn for turn in turns}
    Vote.objects.bulk_create(
        (
            Vote(
                question_id=pk, assignment=turn_of[who.pk, hit], worker=who, slot=slot, left="a", choice="b",
                response_ms=900, client_id=uuid4(), created=now + timedelta(milliseconds=pk),
            )
            for slot, who in enumerate(made)
            for pk, hit in questions
        ),
        batch_size=2000,
    )  # fmt: skip
    return Vote.objects.count()


def test_a_long_export_begins_at_once_and_stays_small(
    researcher: Client, alice: Any, collection: Any, django_assert_num_queries: Any
) -> None:
    campaign = small_campaign(owner=alice, collection=collection, name="Long", hit_size=200)
    votes = many_votes(campaign, workers=25)
    assert votes >= 20_000
    address = f"/campaigns/{campaign.slug}/votes.csv"
    b"".join(researcher.get(address).streaming_content)  # what is loaded once is not the export's

    response = researcher.get(address)
    assert response.streaming
    content = iter(response.streaming_content)
    tracemalloc.start()
    try:
        with django_assert_num_queries(0):
            assert next(content).decode().strip() == ",".join(ANSWER_COLUMNS)
        size, rows = 0, 0
        for piece in content:
            size += len(piece)
            rows += piece.count(b"\r\n")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == votes
    # A few assignments are held at a time; all of them would be some thirty megabytes.
    assert size > 2_000_000
    assert most < 3_000_000
