"""Every format of votes reads what it is made of, row by row, and names what is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from annotation.formats.errors import FormatError
from annotation.formats.votes.registry import VOTE_FORMATS, format_of, load_reader, read_votes

# (head, winner, loser, left, worker, ms): what every text format below says in its own words.
ANSWERS = [
    ("0", "1", "2", "1", "ann", 900.0),
    ("0", "2", "1", "1", "bob", 1200.5),
    ("3", "10", "2", "10", "ann", 40.0),
    ("3", "10", "2", "2", "bob", 2_000_000.0),
]
MAP = {"head": "Input.head", "left": "Input.l", "right": "Input.r", "answer": "Answer.choice"}


def said(rows):
    """Rows as tuples of names, the left one and the time where they are known."""
    found = []
    for at in range(len(rows)):
        head, winner, loser = (str(rows.items[column[at]]) for column in (rows.head, rows.winner, rows.loser))
        left = {1: winner, 0: loser, -1: None}[int(rows.side[at])]
        worker = None if rows.worker[at] < 0 else str(rows.workers[rows.worker[at]])
        ms = None if np.isnan(rows.response_ms[at]) else pytest.approx(float(rows.response_ms[at]))
        found.append((head, winner, loser, left, worker, ms))
    return found


def write(path: Path, header: str, lines: list[list[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *lines])
    return path


def sides(answer):
    _, winner, loser, left, _, _ = answer
    return left, (loser if left == winner else winner)


def _canonical(folder):
    header = "response_id,head,winner,loser,left,right,worker_id,response_ms,sampler,trial_type,timestamp"
    rows = [[n, a[0], a[1], a[2], *sides(a), a[4], a[5], "random", "train", ""] for n, a in enumerate(ANSWERS)]
    return write(folder / "responses.csv", header, rows)


def _salmon(folder):
    header = "head,left,right,winner,alg_ident,score,puid,response_time,network_latency,time_received,loser"
    rows = [[a[0], *sides(a), a[1], "TSTE", -9999, a[4], a[5] / 1000, 0.2, 1603728175.5, a[2]] for a in ANSWERS]
    return write(folder / "salmon.csv", header, rows)


def _triplettools(folder):
    header = "head,winner,loser,worker_id,rt,Center,Left,Right,Answer,sampleAlg,sampleSet"
    rows = [["9", "8", "7", a[4], a[5], a[0], *sides(a), a[1], "random", "train"] for a in ANSWERS]
    return write(folder / "tools.csv", header, rows)


def _numbered(folder):
    rows = [[*a[:3], a[4], a[5], "random", "NA"] for a in ANSWERS]
    return write(folder / "numbered.csv", "head,winner,loser,sub_id,rt,AlgSample,TrnTest", rows)


def _legacy(folder):
    rows = [[a[4], a[0], *sides(a), a[1], a[5]] for a in ANSWERS]
    return write(folder / "legacy.csv", "Participant.ID,Target,Option1,Option2,answer,rt", rows)


def _next(folder):
    header = "Participant ID,Timestamp,Center,Left,Right,Answer,Alg Label"
    rows = [[a[4], "2015-05-29 03:46:14.384440", a[0], *sides(a), a[1], "Test"] for a in ANSWERS]
    return write(folder / "next.csv", header, rows)


def _next_json(folder):
    people: dict[str, list[object]] = {}
    for a in ANSWERS:
        left, right = sides(a)
        targets = [
            {"index": a[0], "label": "center"},
            {"index": left, "label": "left"},
            {"index": right, "label": "right"},
        ]
        people.setdefault(a[4], []).append(
            {"q": [a[1], a[2], a[0]], "target_indices": targets, "response_time": a[5] / 1000, "alg_label": "STE"}
        )
    path = folder / "next.json"
    path.write_text(json.dumps({"participant_responses": people}))
    return path


def _mturk(folder):
    header = "HITId,WorkerId,SubmitTime,Input.head,Input.l,Input.r,Answer.choice"
    words = ["left", "b", ANSWERS[2][1], "RIGHT"]
    rows = [
        ["h", a[4], "Wed Apr 14 18:29:32 PDT 2010", a[0], *sides(a), word]
        for a, word in zip(ANSWERS, words, strict=True)
    ]
    return write(folder / "batch.csv", header, rows)


def _own(folder):
    header = (
        "round,hit,assignment,question,kind,probe,reference,a,b,worker,left,choice,label,expected,response_ms,"
        "server_ms,created,slot,counted,reason"
    )
    rows = []
    for n, (head, winner, loser, left, worker, ms) in enumerate(ANSWERS):
        a, b = sorted((winner, loser))
        letter = {a: "a", b: "b"}
        given = [1, 1, n, n, "triplet", "", head, a, b, worker, letter[left], letter[winner], "", "", ms, ""]
        rows.append([*given, "2026-01-01T00:00:00+00:00", 0, "yes", ""])
    rows.append([1, 1, 9, 9, "label", "", "0", "", "", "ann", "", "1", "happy", "", 5, "", rows[0][16], 0, "yes", ""])
    rows.append(
        [1, 1, 9, 9, "triplet", "gold", "0", "1", "2", "ann", "a", "a", "", "a", 5, "", rows[0][16], "", "no", "probe"]
    )
    rows.append(
        [1, 1, 9, 9, "triplet", "", "0", "1", "2", "bob", "a", "a", "", "", 5, "", rows[0][16], "", "no", "late"]
    )
    return write(folder / "votes.csv", header, rows)


SIDED = {"canonical": _canonical, "salmon": _salmon, "triplettools": _triplettools, "semblance": _own}


@pytest.mark.parametrize("name", SIDED)
def test_a_file_says_the_same_in_every_format(name, tmp_path):
    path = SIDED[name](tmp_path)
    assert format_of(path) == name
    assert said(read_votes(path)) == ANSWERS


@pytest.mark.parametrize(
    ("make", "name", "lacking"),
    [
        (_legacy, "triplettools", set()),
        (_next, "next", {5}),
        (_mturk, "mturk", {5}),
        (_numbered, "triplettools", {3}),
    ],
)
def test_what_a_format_does_not_know_is_unknown_and_not_made_up(make, name, lacking, tmp_path):
    path = make(tmp_path)
    assert format_of(path) == name
    expected = [tuple(None if at in lacking else cell for at, cell in enumerate(answer)) for answer in ANSWERS]
    assert said(read_votes(path, options=MAP if name == "mturk" else None)) == expected


def test_json_of_next_is_read_person_by_person(tmp_path):
    path = _next_json(tmp_path)
    assert format_of(path) == "next"
    assert sorted(said(read_votes(path)), key=str) == sorted(ANSWERS, key=str)


def test_stimuli_are_in_the_order_of_their_numbers(tmp_path):
    assert read_votes(_canonical(tmp_path)).items.tolist() == ["0", "1", "2", "3", "10"]


def test_a_hold_out_of_next_is_the_test_split(tmp_path):
    assert read_votes(_next(tmp_path)).split.tolist() == [2] * 4


def test_dates_of_mechanical_turk_are_turned_to_utc(tmp_path):
    rows = read_votes(_mturk(tmp_path), options=MAP)
    assert rows.created[0] == np.datetime64("2010-04-15T01:29:32")


def test_several_questions_of_a_hit_and_latin_1(tmp_path):
    path = tmp_path / "batch.csv"
    lines = ["HITId,WorkerId,Input.h1,Input.l1,Input.r1,Answer.q1,Input.h2,Input.l2,Input.r2,Answer.q2"]
    lines.append("x,w1,Müller,b,c,left,c,Müller,b,same")
    path.write_bytes("\n".join(lines).encode("latin-1"))
    mapping = {"head": "Input.h{n}", "left": "Input.l{n}", "right": "Input.r{n}", "answer": "Answer.q{n}"}
    rows = read_votes(path, options=mapping)
    assert [one[:4] for one in said(rows)] == [("Müller", "b", "c", "b"), ("c", "Müller", "b", "Müller")]
    assert rows.cant_tell.tolist() == [False, True]


def test_what_did_not_count_stays_out_and_is_counted(tmp_path):
    left_out = read_votes(_own(tmp_path)).left_out
    assert left_out == {"label answers": 1, "gold and repeated questions": 1, "answers that did not count": 1}


def test_an_answer_that_salmon_mixed_up_is_left_out(tmp_path):
    rows = [["0", "1", "2", "7", "x", -9999, "p", -1, 0, "", "2"], ["0", "1", "2", "1", "x", 0, "p", -1, 0, "", "2"]]
    header = "head,left,right,winner,sampler,score,puid,response_time,network_latency,time_received,loser"
    found = read_votes(write(tmp_path / "s.csv", header, rows))
    assert said(found) == [("0", "1", "2", "1", "p", None)]
    assert found.left_out == {"answers whose winner was not shown": 1}


def test_odd_one_out_gives_two_votes(tmp_path):
    path = write(tmp_path / "t.csv", "image1,image2,image3,choice,RT,subject_id", [[1, 5, 9, 2, 700, "s"]])
    assert format_of(path) == "things"
    assert said(read_votes(path)) == [("0", "8", "4", None, "s", 700.0), ("8", "0", "4", None, "s", 700.0)]
    named = write(tmp_path / "n.csv", "i,j,k,odd_one,worker_id", [[7, 3, 11, 7, "s"]])
    assert [one[:3] for one in said(read_votes(named))] == [("3", "11", "7"), ("11", "3", "7")]
    bare = tmp_path / "train_90.txt"
    bare.write_text("4 2 9\n")
    assert [one[:3] for one in said(read_votes(bare, format="things"))] == [("4", "2", "9"), ("2", "4", "9")]


def test_arrays_of_cblearn_with_and_without_answers(tmp_path):
    order = np.array([[0, 1, 2], [2, 0, 1]])
    np.save(tmp_path / "o.npy", order)
    assert [one[:3] for one in said(read_votes(tmp_path / "o.npy", format="cblearn"))] == [
        ("0", "1", "2"),
        ("2", "0", "1"),
    ]
    np.savez(tmp_path / "b.npz", triplets=order, responses=np.array([True, False]))
    assert [one[:3] for one in said(read_votes(tmp_path / "b.npz"))] == [("0", "1", "2"), ("2", "1", "0")]
    np.savez(tmp_path / "c.npz", triplets=np.vstack([order, order[:1]]), responses=np.array([2, -1, 0]))
    counted = read_votes(tmp_path / "c.npz")
    assert [one[:3] for one in said(counted)] == [("0", "1", "2"), ("0", "1", "2"), ("2", "1", "0")]
    assert counted.left_out == {"undecided": 1}


def test_no_pickle_is_ever_loaded(tmp_path):
    np.save(tmp_path / "p.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(FormatError, match="plain arrays"):
        read_votes(tmp_path / "p.npy", format="cblearn")


HEADER = "head,winner,loser,left,right,worker_id,response_ms,trial_type,timestamp"


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (["0,1,2,1,2,w,fast,train,"], 'row 2, field "response_ms": The cell is not a number.'),
        (["0,1,2,1,2,w,1,train,", "0,,2,1,2,w,1,train,"], 'row 3, field "winner": The cell is empty.'),
        (["0,5,2,1,2,w,1,train,"], 'row 2, field "winner": The answer is neither left nor right.'),
        (["0,1,5,1,2,w,1,train,"], 'row 2, field "loser": The loser is not the other one'),
        (["0,1,2,1,2,w,1,train,soon"], 'row 2, field "timestamp": "soon" is no date and time.'),
        (["0,1,2,1,2,w,1,train,1901-01-01"], 'row 2, field "timestamp": The moment 1901'),
        (["0,1,2,1,2,w,1,train,", "0,1,2"], "row 3: The row has 3 cells where the header has 9."),
        ([], "holds no votes"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(lines, where, tmp_path):
    path = tmp_path / "responses.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    with pytest.raises(FormatError) as refused:
        read_votes(path)
    assert where in str(refused.value)
    assert "responses.csv" in str(refused.value)


def test_a_header_of_no_format_and_an_ending_of_two(tmp_path):
    (tmp_path / "x.csv").write_text("colour,size\n1,2\n")
    (tmp_path / "x.txt").write_text("1 2 3\n")
    with pytest.raises(FormatError, match="none of the formats"):
        read_votes(tmp_path / "x.csv")
    with pytest.raises(FormatError, match="say which format"):
        read_votes(tmp_path / "x.txt")
    with pytest.raises(FormatError, match="no such file"):
        read_votes(tmp_path / "nothing.csv")


def test_columns_of_mturk_must_be_told_and_there(tmp_path):
    path = _mturk(tmp_path)
    with pytest.raises(FormatError, match="answer is missing"):
        read_votes(path, options={"head": "Input.head", "left": "Input.l", "right": "Input.r"})
    with pytest.raises(FormatError, match=r'field "Input\.x"'):
        read_votes(path, options={**MAP, "head": "Input.x"})


@pytest.mark.parametrize("name", VOTE_FORMATS)
def test_every_format_is_found_by_its_name_and_refuses_bytes_that_are_none(name, tmp_path):
    reader = load_reader(name)
    assert not reader.fits(["colour"])
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(FormatError):
        reader.read(tmp_path / "noise.bin", MAP if name == "mturk" else {})
