"""One contract for every format of the registry."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats import triplet_blocks as table
from annotation.formats.errors import FormatError
from annotation.formats.exports.csv_file import guard, unguard
from annotation.formats.exports.parquet_file import read_manifest
from annotation.formats.exports.table import COLUMNS, SPLITS, TripletTable
from annotation.formats.frozen import FrozenDataset
from annotation.formats.registry import EXPORTS, load_export

ODD = ["=1+1", "+a", "-a", "@SUM(A1)", "\tx", "\rx", "\nx", "'", "''=1", 'q"uo,te', "line\nend\r", " ü\u2028 ", "\x1f"]
text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=9)
ids = st.lists(text | st.sampled_from(ODD), unique=True, min_size=3, max_size=8)


def dataset(stimuli: list[str], triplets: int, seed: int = 0) -> FrozenDataset:
    rng = np.random.default_rng(seed)
    n = len(stimuli)
    nearer, farther = rng.integers(0, 30_000, (2, triplets)) // rng.integers(1, 9_000, triplets)
    return FrozenDataset.build(
        stimuli=stimuli,
        subjects=["s"] * n,
        neutral=np.full(n, -1),
        split=rng.integers(0, 3, n),
        labels={"mood": stimuli},
        triplets=np.array([rng.permutation(n)[:3] for _ in range(triplets)]).reshape(-1, 3),
        weight=rng.gamma(1, 1, triplets).astype(np.float32) * np.float32(10.0) ** rng.integers(-30, 30, triplets),
        margin=np.abs(nearer - farther),
        votes_nearer=nearer,
        votes_farther=farther,
        rounds=rng.integers(-5, 2**31, triplets),
        triplet_split=rng.integers(0, 3, triplets),
        manifest={"campaign": "faces ü"},
    )


def naive(data: FrozenDataset) -> list[tuple[Any, ...]]:
    """The rows that every format must hold, by a plain loop."""
    rows = []
    for at, (i, j, k) in enumerate(data.triplets):
        names = [str(data.stimuli[row]) for row in (i, j, k)]
        votes = [int(column[at]) for column in (data.margin, data.votes_nearer, data.votes_farther)]
        rows.append((*names, data.weight[at], *votes, SPLITS[data.triplet_split[at]], int(data.rounds[at])))
    return rows


def rows_of(got: TripletTable) -> list[tuple[Any, ...]]:
    return list(zip(*(getattr(got, name).tolist() for name in COLUMNS), strict=True))


def written(name: str, data: FrozenDataset) -> io.BytesIO:
    out = io.BytesIO()
    load_export(name).write(data, out)
    out.seek(0)  # fails if the format closed the stream
    return out


@pytest.mark.parametrize("name", EXPORTS)
@settings(max_examples=25, deadline=None)
@given(stimuli=ids, triplets=st.integers(0, 7), seed=st.integers(0, 99))
def test_what_is_read_back_is_what_was_written(name: str, stimuli: list[str], triplets: int, seed: int) -> None:
    data = dataset(stimuli, triplets, seed)
    got = load_export(name).read(written(name, data))
    assert rows_of(got) == naive(data)
    assert got.weight.dtype == np.float32


@pytest.mark.parametrize("name", EXPORTS)
def test_blocks_join_without_a_seam(name: str, monkeypatch) -> None:
    data = dataset(ODD, 23)
    whole = rows_of(load_export(name).read(written(name, data)))
    monkeypatch.setattr(table, "BLOCK", 5)
    assert rows_of(load_export(name).read(written(name, data))) == whole == naive(data)


@pytest.mark.parametrize("name", EXPORTS)
def test_the_same_dataset_gives_the_same_bytes(name: str) -> None:
    assert written(name, dataset(ODD, 9)).getvalue() == written(name, dataset(ODD, 9)).getvalue()


@pytest.mark.parametrize("name", EXPORTS)
def test_every_format_says_what_it_is(name: str) -> None:
    export = load_export(name)
    assert "/" in export.media_type
    assert export.extension == {"cblearn": ".cblearn.npz"}.get(name, f".{name}")


DAMAGED = [b"", b"nonsense \xff\n", b"{}\n", b"a,b\n1,2\n"]


# A JSONL file without lines is no damage: it is a table without rows.
@pytest.mark.parametrize(("name", "damage"), [(n, d) for n in EXPORTS for d in DAMAGED if d or n != "jsonl"])
def test_what_is_no_such_file_is_refused(name: str, damage: bytes) -> None:
    with pytest.raises(FormatError):
        load_export(name).read(io.BytesIO(damage))


@pytest.mark.parametrize("name", ["csv", "jsonl", "parquet"])
def test_a_stream_that_cannot_seek_is_enough(name: str) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.parts.append(bytes(data))
            return len(data)

    pipe = Pipe()
    load_export(name).write(dataset(ODD, 9), pipe)  # type: ignore[arg-type]
    assert b"".join(pipe.parts) == written(name, dataset(ODD, 9)).getvalue()


def test_no_cell_of_a_csv_starts_a_formula() -> None:
    lines = written("csv", dataset(ODD, 60)).getvalue().decode()
    for row in csv.reader(io.StringIO(lines, newline="")):
        for cell in row[:3]:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(text | st.sampled_from(ODD) | st.just(""))
def test_the_guard_against_formulas_can_be_undone(value: str) -> None:
    assert unguard(guard(value)) == value


def test_only_what_is_active_is_guarded() -> None:
    assert [guard(value) for value in ("a", "=a", "'a", "＝a", "a=b")] == ["a", "'=a", "''a", "'＝a", "a=b"]


def test_weights_in_text_are_short_and_exact() -> None:
    data = dataset(["a", "b", "c"], 1)
    tidy = FrozenDataset.build(**{**vars(data), "weight": np.array([0.6], dtype=np.float32)})
    assert b",0.6," in written("csv", tidy).getvalue()
    assert json.loads(written("jsonl", tidy).getvalue())["weight"] == 0.6


def test_parquet_carries_the_manifest() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = dataset(ODD, 3)
    assert read_manifest(written("parquet", data)) == data.manifest
    bare = io.BytesIO()
    pq.write_table(pa.table({"anchor": ["a"]}), bare)
    bare.seek(0)
    with pytest.raises(FormatError, match="no manifest"):
        read_manifest(bare)
    bare.seek(0)
    with pytest.raises(FormatError, match="columns are not"):
        load_export("parquet").read(bare)


def test_npz_is_the_frozen_file_itself(tmp_path: Path) -> None:
    data = dataset(ODD, 9)
    data.save(tmp_path / "a.npz")
    assert written("npz", data).getvalue() == (tmp_path / "a.npz").read_bytes()


LINE = "a,b,c,0.5,1,1,0,train,1"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("a,b,c,nan,1,1,0,train,1", "weight"),
        ("a,b,c,x,1,1,0,train,1", "weight"),
        ("a,b,c,0.5,1.5,1,0,train,1", "margin"),
        ("a,b,c,0.5,1,40000,0,train,1", "votes_nearer"),
        ("a,b,c,0.5,1,1,0,tset,1", "split"),
        ("a,b,c,0.5,1,1,0,train", ""),
    ],
)
def test_a_bad_row_of_a_csv_is_named(line: str, field: str) -> None:
    data = "\r\n".join([",".join(COLUMNS), LINE, line]).encode()
    with pytest.raises(FormatError) as caught:
        load_export("csv").read(io.BytesIO(data))
    assert (caught.value.row, caught.value.field) == (3, field)


def test_a_bad_line_of_jsonl_is_named() -> None:
    good = dict(zip(COLUMNS, ["a", "b", "c", 0.5, 1, 1, 0, "train", 1], strict=True))
    for field, value in (("anchor", 7), ("margin", True), ("margin", 1.0), ("weight", None), ("round", 2**31)):
        data = "\n".join([json.dumps(good), json.dumps({**good, field: value})]).encode()
        with pytest.raises(FormatError) as caught:
            load_export("jsonl").read(io.BytesIO(data))
        assert (caught.value.row, caught.value.field) == (2, field)
    with pytest.raises(FormatError, match="not an object of anchor"):
        load_export("jsonl").read(io.BytesIO(json.dumps({**good, "extra": 1}).encode()))
    assert len(load_export("jsonl").read(io.BytesIO(json.dumps(good).encode())).anchor) == 1
