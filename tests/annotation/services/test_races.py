"""Two requests at one moment: one waits for the other, and then must see what that one did.

On SQLite writers take turns by themselves; these tests are for PostgreSQL too (tests/processes/test_postgres.py).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from annotation.errors import VoteRejected
from annotation.models import Assignment, Hit, Vote
from annotation.services.rounds import round_close
from annotation.services.submission import hit_lock
from annotation.services.tickets import ticket_make, ticket_read
from annotation.services.votes_quick import vote_record_quick
from tests.annotation.services import invariants
from tests.annotation.services.people import answers, claim, give_back, opened, people, person, record, undone

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def round(alice, collection):
    return opened(alice, collection, hits=3, hit_size=4)


def apart(act: Callable[[], Any]) -> Callable[[], Any]:
    """In a thread with a connection of its own, as a request of its own is."""

    def closing() -> Any:
        try:
            return act()
        finally:
            connection.close()

    return closing


@contextmanager
def waiting(act: Callable[[], Any]) -> Iterator[list[Any]]:
    """Do something within a transaction while another request wants to `act`; then let both finish."""
    got: list[Any] = []
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            yield got
            other = pool.submit(apart(act))
            time.sleep(0.4)  # it has come to where it waits
            assert not other.done()
        got.append(other.result(30))


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(60) for future in [pool.submit(apart(act)) for act in acts]]


def ticket_of(assignment):
    return ticket_read(ticket_make(assignment=assignment, campaign=assignment.campaign))


def test_a_late_answer_that_waited_for_the_end_of_its_round_does_not_count(round):
    mine = claim(round.campaign, person("bob"))
    given = answers(mine)
    give_back(mine)
    with waiting(lambda: record(mine, *given)) as got:
        round_close(round=round)
    assert set(got[0].uncounted.values()) == {"closed"}
    assert not Vote.objects.exists()
    invariants.check()


def test_an_answer_that_waited_for_the_end_of_its_round_does_not_count_the_short_way(round):
    mine = claim(round.campaign, person("bob"))
    given = answers(mine, count=1)[0]
    with waiting(lambda: vote_record_quick(ticket=ticket_of(mine), answer=given)) as got:
        round_close(round=round)
    assert got == [False]
    assert not Vote.objects.exists()


def test_an_answer_that_waited_while_it_was_taken_back_does_not_count(round):
    mine = claim(round.campaign, person("bob"))
    given = answers(mine, count=1)[0]
    with waiting(lambda: vote_record_quick(ticket=ticket_of(mine), answer=given)) as got:
        record(mine, undone(given), submit=False)
    assert got == [False]
    assert record(mine, given, submit=False).uncounted == {given.client_id: "withdrawn"}
    assert not Vote.objects.exists()
    invariants.check()


def test_late_answers_that_waited_for_a_claim_of_their_worker_leave_that_claim_alone(round):
    """The worker's other tab got another bundle; the constraint lets them hold only one."""
    mine = claim(round.campaign, person("bob"))
    given = answers(mine)
    give_back(mine)
    with waiting(lambda: record(mine, *given)) as got:
        hit_lock(mine.hit_id)  # both work on this HIT's row, on SQLite on the database
        other = claim(round.campaign, mine.worker)
        assert other.hit_id != mine.hit_id
    assert got[0].uncounted == {}
    assert list(Assignment.objects.filter(worker=mine.worker, status="active")) == [other]
    invariants.check()


def test_who_looks_for_a_hit_to_go_on_with_holds_none_while_waiting_for_the_next(round):
    """Holding one while waiting for another is how two who come back lock each other out."""
    first, second = _two_lost(round)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        hit_lock(second.hit_id)
        coming_back = pool.submit(apart(lambda: claim(round.campaign, first.worker)))
        time.sleep(0.4)
        hit_lock(first.hit_id)
        transaction.on_commit(lambda: coming_back.result(30))
    assert coming_back.result().pk == second.pk
    invariants.check()


def _two_lost(round):
    """A worker with two lost HITs: the first they cannot go on with, the second they can; nothing else is left."""
    worker, neighbour = person("bob"), person("neighbour")
    first = claim(round.campaign, worker)
    given = answers(first, count=1)[0]
    record(first, given)
    give_back(first)
    # Their answer stands in the slot of somebody who works on, so no other slot of this HIT is theirs to fill.
    beside = claim(round.campaign, neighbour)
    Vote.objects.filter(client_id=given.client_id).update(slot=beside.slot)
    second = claim(round.campaign, worker)
    give_back(second)
    for hit in Hit.objects.exclude(pk__in=(first.hit_id, second.hit_id)):
        hit.questions.all().delete()
        hit.delete()
    return first, second


def test_claims_of_one_worker_at_once_give_one_hit(round):
    worker = person("bob")
    for _ in range(3):  # the last time nothing else is left
        got = at_once([lambda: claim(round.campaign, worker)] * 6)
        assert len({one.pk for one in got}) == 1
        assert Assignment.objects.filter(worker=worker, status="active").count() == 1
        record(got[0], *answers(got[0]))
    invariants.check()


def test_claims_of_many_at_once_give_each_slot_once(round):
    got = at_once([lambda worker=worker: claim(round.campaign, worker) for worker in people(15)])
    assert len({(one.hit_id, one.slot) for one in got}) == 15
    assert not Hit.objects.filter(open_slots__gt=0).exists()
    invariants.check()


def test_one_client_id_of_two_workers_at_once_is_one_vote(round):
    ours = [claim(round.campaign, worker) for worker in people(2)]
    given = answers(ours[0], count=1)[0]

    def send(mine):
        try:
            return record(mine, given).saved
        except VoteRejected as refused:
            return refused.message

    got = at_once([lambda mine=mine: send(mine) for mine in ours])
    assert [given.client_id] in got
    assert f"The client id {given.client_id} was used by another worker." in got
    assert Vote.objects.count() == 1


def test_a_crowd_that_claims_answers_and_leaves_at_once_contradicts_nothing(round):
    def one(number):
        chance, worker = random.Random(number), person(f"crowd-{number}")
        for _ in range(8):
            mine = claim(round.campaign, worker)
            if mine is None:
                continue
            record(mine, *answers(mine, count=chance.randint(0, 4)), submit=False)
            if chance.random() < 0.5:
                give_back(mine)

    at_once([lambda number=number: one(number) for number in range(8)])
    invariants.check()
