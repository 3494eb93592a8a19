"""Votes from elsewhere: what is written, what is kept apart, and that nothing is half done."""

import csv
import random
from collections import Counter, defaultdict

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotation.errors import ImportRefused
from annotation.models import (
    Assignment,
    Campaign,
    Collection,
    Consensus,
    Dataset,
    Hit,
    Participation,
    Probe,
    Question,
    Round,
    Stimulus,
    UncountedVote,
    Vote,
    Worker,
)
from annotation.selectors.datasets import dataset_load
from annotation.services import import_rows
from annotation.services.vote_imports import votes_import
from tests.annotation.services import invariants

pytestmark = pytest.mark.django_db
HEADER = ["head", "winner", "loser", "left", "right", "worker_id", "response_ms", "trial_type", "timestamp"]
EVERY = (Campaign, Collection, Stimulus, Round, Hit, Assignment, Question, Vote, UncountedVote, Probe, Worker, Dataset)


def write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def crowd(seed=0, answers=400, items=6, workers=9):
    """Answers in random order with everything that real files have: repeats, checks, unknown sides, dirty clocks."""
    rng = random.Random(seed)
    rows = []
    for _ in range(answers):
        head, one, two = rng.sample(range(items), 3)
        if rng.random() < 0.1:
            one = head
        left, right = rng.sample([one, two], 2) if rng.random() < 0.8 else ("", "")
        ms = rng.choice(["", "-5", "99999999999", "812.4", "1500"])
        rows.append([head, one, two, left, right, f"w{rng.randrange(workers)}", ms, "train", "2020-01-02 03:04:05.5"])
    return rows


def naive(rows):
    """Votes, repeats and checks by a plain loop: {question: {worker: (winner, left, ms)}}."""
    votes, repeats, checks = defaultdict(dict), Counter(), defaultdict(dict)
    for head, winner, loser, left, _, worker, ms, *_ in rows:
        question = (head, *sorted((winner, loser)))
        kept = checks if head in (winner, loser) else votes
        if worker in kept[question]:
            repeats[question, worker] += 1
            continue
        stored = min(max(round(float(ms or 0)), 0), 86_400_000)
        kept[question][worker] = (winner, left, stored)
    return votes, repeats, checks


@pytest.fixture(params=[30_000, 7], ids=["one bundle", "bundles of 7"])
def bundles(request, monkeypatch):
    monkeypatch.setattr(import_rows, "_TOGETHER", request.param)


def test_every_answer_is_where_a_plain_loop_puts_it(alice, tmp_path, bundles):
    rows = crowd()
    votes, repeats, checks = naive(rows)
    found = votes_import(owner=alice, path=write(tmp_path / "crowd.csv", rows), new_collection="Six")
    stored = defaultdict(dict)
    names = ("question", "worker__external_id", "choice", "left", "response_ms", "slot")
    keys = {
        pk: (int(head), int(a), int(b))
        for pk, head, a, b in Question.objects.values_list("pk", "reference__key", "a__key", "b__key")
    }
    slots = defaultdict(list)
    for pk, worker, choice, left, ms, slot in Vote.objects.values_list(*names):
        _, a, b = keys[pk]
        name = {"a": a, "b": b, "": ""}
        stored[keys[pk]][worker] = (name[choice], name[left], ms)
        slots[keys[pk]].append(slot)
    assert stored == votes
    assert all(sorted(those) == list(range(len(those))) for those in slots.values())
    assert (
        Counter((keys[q], w) for q, w in UncountedVote.objects.values_list("question", "worker__external_id"))
        == repeats
    )
    assert set(UncountedVote.objects.values_list("reason", flat=True)) == {"repeated"}
    right = Counter((keys[q], w) for q, w in Probe.objects.values_list("question", "worker__external_id"))
    assert right == Counter((question, worker) for question, those in checks.items() for worker in those)
    assert all(probe.choice == probe.question.expected for probe in Probe.objects.select_related("question"))
    assert invariants.problems() == []
    assert invariants.unanswered() == []
    assert found.counts["votes"] == sum(map(len, votes.values()))
    assert found.counts["repeated"] == sum(repeats.values())
    assert found.counts["negative_times"] == sum(row[6] == "-5" for row in rows)
    assert found.counts["long_times"] == sum(row[6] == "99999999999" for row in rows)
    assert found.counts["unknown_times"] == sum(row[6] == "" for row in rows)
    assert found.counts["unknown_side"] == sum(row[3] == "" for row in rows)


def test_the_campaign_is_paused_its_round_closed_and_its_dataset_the_majorities(alice, tmp_path):
    rows = crowd(seed=3)
    found = votes_import(owner=alice, path=write(tmp_path / "crowd.csv", rows), new_collection="Six", name="Moved in")
    campaign = Campaign.objects.get()
    assert (campaign.name, campaign.status, campaign.owner) == ("Moved in", "paused", alice)
    round = campaign.rounds.get()
    assert (round.status, round.origin["design"], round.origin["format"]) == ("closed", "import", "canonical")
    expected = {}
    for (head, a, b), those in naive(rows)[0].items():
        counts = Counter(winner for winner, _, _ in those.values())
        if counts[a] != counts[b]:
            winner, loser = (a, b) if counts[a] > counts[b] else (b, a)
            expected[head, winner, loser] = counts[winner] - counts[loser]
    frozen = dataset_load(found.dataset)
    triplets = [tuple(int(frozen.stimuli[at]) for at in row) for row in frozen.triplets]
    assert dict(zip(triplets, frozen.margin.tolist(), strict=True)) == expected
    assert Consensus.objects.filter(question__campaign=campaign).count() == found.counts["questions"]


def test_what_is_stored_of_a_time_and_of_a_moment(alice, tmp_path):
    rows = [[0, 1, 2, "", "", "w", ms, "", "2020-01-02 03:04:05.123456"] for ms in ["812.6"]]
    votes_import(owner=alice, path=write(tmp_path / "one.csv", rows), new_collection="Three")
    vote = Vote.objects.get()
    assert (vote.response_ms, vote.left) == (813, "")
    assert vote.created.isoformat() == "2020-01-02T03:04:05.123456+00:00"
    assert vote.client_id.version == 7
    assert vote.assignment.claimed == vote.created == vote.assignment.submitted


def test_workers_are_the_campaigns_own_and_only_their_pseudonyms_are_shown(alice, tmp_path):
    path = write(tmp_path / "crowd.csv", crowd(answers=50))
    one = votes_import(owner=alice, path=path, new_collection="One", name="One").campaign
    two = votes_import(owner=alice, path=path, new_collection="Two", name="Two").campaign
    of = [set(Worker.objects.filter(participations__campaign=each).values_list("pk", flat=True)) for each in (one, two)]
    assert not of[0] & of[1]
    assert Participation.objects.filter(campaign=one).count() == len(of[0])
    for worker in Worker.objects.all():
        assert worker.channel.startswith("import:")
        assert worker.external_id not in str(worker)


def test_people_whom_the_file_does_not_name_are_told_apart_by_question(alice, tmp_path):
    rows = [[0, 1, 2, "", "", "", "", "", ""], [0, 2, 1, "", "", "", "", "", ""], [3, 1, 2, "", "", "", "", "", ""]]
    found = votes_import(owner=alice, path=write(tmp_path / "nobody.csv", rows), new_collection="Four")
    assert (found.workers, found.counts["unknown_worker"], found.counts["votes"]) == (2, 3, 3)


def test_a_question_in_both_splits_was_trained_on(alice, tmp_path):
    rows = [[0, 1, 2, "", "", w, "", split, ""] for w, split in (("u", "test"), ("v", "train"))]
    rows.append([1, 0, 2, "", "", "u", "", "test", ""])
    found = votes_import(owner=alice, path=write(tmp_path / "s.csv", rows), new_collection="Three")
    assert dict(Question.objects.values_list("reference__key", "split")) == {"0": 0, "1": 2}
    assert found.counts["both_splits"] == 1


def test_who_could_not_tell_has_not_voted_for_either(alice, tmp_path):
    path = tmp_path / "batch.csv"
    path.write_text("HITId,WorkerId,Input.h,Input.l,Input.r,Answer.q\nx,u,A,B,C,same\nx,v,A,B,C,left\n")
    options = {"head": "Input.h", "left": "Input.l", "right": "Input.r", "answer": "Answer.q"}
    votes_import(owner=alice, path=path, options=options, new_collection="Letters")
    assert dict(Vote.objects.values_list("worker__external_id", "choice")) == {"u": "x", "v": "a"}
    assert Campaign.objects.get().cant_tell
    assert Consensus.objects.get().counts == {"a": 1, "x": 1}


def test_items_give_names_texts_people_splits_and_labels(alice, tmp_path):
    items = tmp_path / "items.csv"
    items.write_text("item_id,name,identity,expression\n0,anna,A,happy\n1,bea,B,sad\n2,cleo,C,\n")
    path = write(tmp_path / "v.csv", [[0, 1, 2, "", "", "w", "", "", ""]])
    votes_import(owner=alice, path=path, items=items, new_collection="People")
    assert list(Stimulus.objects.values_list("key", "text", "subject", "labels")) == [
        ("anna", "anna", "A", {"expression": "happy"}),
        ("bea", "bea", "B", {"expression": "sad"}),
        ("cleo", "cleo", "C", {}),
    ]


def test_votes_about_a_collection_that_is_there(alice, collection, tmp_path):
    keys = list(collection.stimuli.filter(split=0).order_by("key").values_list("key", flat=True)[:3])
    other = collection.stimuli.exclude(split=0).values_list("key", flat=True)[0]
    good, mixed = [*keys, "", "", "w", "", "", ""], [*keys[:2], other, "", "", "w", "", "", ""]
    path = write(tmp_path / "v.csv", [good, mixed])
    with pytest.raises(ImportRefused, match="Row 3: the triplet mixes stimuli of different splits"):
        votes_import(owner=alice, path=path, collection=collection)
    found = votes_import(owner=alice, path=path, collection=collection, leave_out_mixed=True)
    assert (found.made, found.counts["votes"], found.left_out) == (0, 1, {"triplets across splits": 1})
    assert Vote.objects.get().question.reference.key == keys[0]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([["p00-happy", "p00-sad", "nobody", "", "", "w", "", "", ""]], "Row 2: there is no stimulus 'nobody'"),
        ([["p00-happy", "p00-sad", "p00-sad", "", "", "w", "", "", ""]], "Row 2: the two candidates are the same"),
        ([["p00-sad", "p00-sad", "p00-happy", "", "", "w", "", "", ""]], "there are checks, and no votes"),
        ([["p00-happy", "p00-sad", "p00-angry", "", "", "w" * 200, "", "", ""]], "is no name of a worker"),
    ],
)
def test_a_refused_file_leaves_nothing(rows, sentence, alice, collection, tmp_path):
    before = [model.objects.count() for model in EVERY]
    with pytest.raises(ImportRefused, match=sentence):
        votes_import(owner=alice, path=write(tmp_path / "v.csv", rows), collection=collection)
    assert [model.objects.count() for model in EVERY] == before


def test_a_dry_run_says_all_and_keeps_nothing(alice, tmp_path, capsys):
    path = write(tmp_path / "crowd.csv", crowd())
    call_command("import_votes", path, "--new-collection", "Six", "--owner", "alice", "--dry-run")
    said = capsys.readouterr().out
    assert "Nothing was kept" in said
    assert "kept as attention checks" in said
    assert [model.objects.count() for model in EVERY] == [0] * len(EVERY)


def test_somebody_elses_collection_is_refused(mallory, collection, tmp_path):
    path = write(tmp_path / "v.csv", [["a", "b", "c", "", "", "w", "", "", ""]])
    with pytest.raises(ImportRefused, match="belongs to somebody else"):
        votes_import(owner=mallory, path=path, collection=collection)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--collection", "nowhere"], "no collection 'nowhere'"),
        (["--new-collection", "X", "--owner", "nobody"], "no user 'nobody'"),
        (["--new-collection", "X", "--map", "head"], "ROLE=COLUMN"),
        (["--new-collection", "X", "--map", "head=Center"], "takes no names of columns"),
        (["--new-collection", "Small"], "a collection 'Small' already"),
    ],
)
def test_the_command_says_what_is_wrong(words, sentence, alice, collection, tmp_path):
    path = write(tmp_path / "v.csv", [["a", "b", "c", "", "", "w", "", "", ""]])
    with pytest.raises(CommandError, match=sentence):
        call_command("import_votes", path, *words)


@pytest.mark.parametrize("name", ["votes-csv", "votes-jsonl"])
def test_an_export_comes_back_in(name, alice, campaign, client, tmp_path):
    from django.urls import reverse

    from tests.factories import closed_round

    _, before = closed_round(campaign)
    client.force_login(alice)
    content = b"".join(client.get(reverse(f"annotation:{name}", args=[campaign.slug])).streaming_content)
    path = tmp_path / f"votes.{name.rpartition('-')[2]}"
    path.write_bytes(content)
    found = votes_import(owner=alice, path=path, collection=campaign.collection, name="Again")
    assert found.format == "semblance"
    assert found.counts["votes"] == Vote.objects.filter(question__campaign=campaign).count()
    one, two = (dataset_load(each) for each in (before, found.dataset))
    for array in ("weight", "margin", "votes_nearer", "votes_farther"):
        assert by_triplet(one, array) == by_triplet(two, array)
    times = [
        sorted(Vote.objects.filter(question__campaign=each).values_list("response_ms", "created"))
        for each in (campaign, found.campaign)
    ]
    assert times[0] == times[1]


def by_triplet(frozen, array):
    return dict(zip(map(tuple, frozen.stimuli[frozen.triplets].tolist()), getattr(frozen, array).tolist(), strict=True))


def test_numbers_of_rows_do_not_collide_with_what_is_written_later(alice, tmp_path):
    path = write(tmp_path / "crowd.csv", crowd(answers=60))
    campaign = votes_import(owner=alice, path=path, new_collection="Six").campaign
    newest = Question.objects.order_by("-pk").first()
    one = Stimulus.objects.order_by("pk").first().pk
    label = Question.objects.create(
        campaign=campaign, round=campaign.rounds.get(), kind="label", reference_id=one, split=0, wanted=1
    )
    assert label.pk > newest.pk
    assert np.unique(Question.objects.values_list("pk", flat=True)).size == Question.objects.count()
