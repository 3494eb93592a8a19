"""Read a folder of exports with pandas, pyarrow, numpy, cblearn and mlcroissant; nothing of Semblance is imported.

Writes one JSON object: format → the triplets (anchor, nearer, farther) by name, sorted.
"""

import json
import sys
import zipfile
from pathlib import Path

import mlcroissant
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from cblearn.utils import check_query_response

NAMES = ["anchor", "nearer", "farther"]


def main(folder):
    found = {
        "csv": rows(pd.read_csv(folder / "csv", dtype=str, keep_default_na=False)),
        "jsonl": rows(pd.read_json(folder / "jsonl", lines=True, dtype=dict.fromkeys(NAMES, str))),
        "parquet (pandas)": rows(pd.read_parquet(folder / "parquet")),
        "parquet (pyarrow)": rows(pq.read_table(folder / "parquet").to_pandas()),
    }
    with np.load(folder / "npz", allow_pickle=False) as file:
        found["npz"] = named(file["triplets"], file["stimuli"])
    with np.load(folder / "cblearn", allow_pickle=False) as file:
        stimuli = file["stimuli"]
        margins = np.maximum(file["margin"].astype(int), 1)
        counted = check_query_response(file["queries"], file["answers"], result_format="list-order")
        ordered = check_query_response(file["list_order"], result_format="list-order")
        for name, got in (("cblearn, counts", counted), ("cblearn, order", ordered)):
            assert len(got) == margins.sum(), f"{name}: {len(got)} of {margins.sum()}"
            found[name] = named(np.unique(got, axis=0), stimuli)
    found["mlcroissant"] = croissant(folder)
    for name in ("salmon", "triplettools"):
        found[name] = named(won(pd.read_csv(folder / name)[["head", "winner", "loser"]]), stimuli)
    texts = dict.fromkeys(("reference", "a", "b", "choice"), str)
    for name, table in (
        ("votes-csv", pd.read_csv(folder / "votes-csv", dtype=str, keep_default_na=False)),
        ("votes-jsonl", pd.read_json(folder / "votes-jsonl", lines=True, dtype=texts)),
        ("votes-parquet", pd.read_parquet(folder / "votes-parquet")),
    ):
        found[name] = won(answers(table))
    sys.stdout.write(
        json.dumps({name: sorted([str(cell) for cell in row] for row in triplets) for name, triplets in found.items()})
    )


def rows(table):
    return table[NAMES].astype(str).itertuples(index=False, name=None)


def named(triplets, stimuli):
    return [tuple(str(stimuli[at]) for at in row) for row in triplets.tolist()]


def croissant(folder):
    """The records of a bundle, as mlcroissant reads them, with its checksums checked."""
    with zipfile.ZipFile(folder / "bundle") as bundle:
        bundle.extractall(folder / "unpacked")
    (described,) = (folder / "unpacked").glob("*/croissant.json")
    data = mlcroissant.Dataset(jsonld=str(described))
    problems = data.metadata.ctx.issues
    assert not problems.errors, problems.report()
    assert not problems.warnings, problems.report()
    return [tuple(text(record[f"triplets/{name}"]) for name in NAMES) for record in data.records("triplets")]


def text(cell):
    return cell.decode() if isinstance(cell, bytes) else str(cell)


def answers(table):
    """Head, winner and loser of the answers that count and say which is nearer."""
    told = table["counted"].isin([True, "yes"]) & table["choice"].isin(["a", "b"]) & (table["kind"] == "triplet")
    table = table[told]
    for_a = table["choice"] == "a"
    return pd.DataFrame(
        {
            "head": table["reference"],
            "winner": table["a"].where(for_a, table["b"]),
            "loser": table["b"].where(for_a, table["a"]),
        }
    )


def won(votes):
    """The triplets that most votes say."""
    counts = votes.value_counts()
    return np.array([(h, w, l) for (h, w, l), n in counts.items() if n > counts.get((h, l, w), 0)])  # noqa: E741


if __name__ == "__main__":
    main(Path(sys.argv[1]))
