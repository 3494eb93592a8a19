"""Tables II and III of paper 000: PCA, VAE, M1 and M2 on posed faces and on natural ones that a crowd compared.

Posed: ../shared/data/ict83_bu3dfe_like, triplets by the paper's three rules. Spontaneous: `benchmarks.simulated_crowd`.
Real votes: `benchmarks.reproduce_cfd36`. ± is the 95 % interval of the mean over seeds.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import reproduce_cfd36
from benchmarks.face_points import PEOPLE_FILE
from benchmarks.reproduce_runs import Done, Study, by_row, cell, run_all, verdict
from benchmarks.simulated_crowd import TABLE_I, natural_frames, perceived, spontaneous
from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.evaluation.bootstrap import bootstrap_mean
from learning.evaluation.report import evaluate_embedding
from learning.evaluation.triplets import satisfied

# M2 takes longest, so that it starts first.
MODELS = {"M2": "triplet-vae", "M1": "neutral-vae", "VAE": "vae", "PCA": "pca", "None": "identity"}
ORDER = ("None", "PCA", "VAE", "M1", "M2")
LABELS = {"posed": "expression", "spontaneous": "valence"}
BATCH = {"posed": 200, "spontaneous": 250}
# Accuracy, then satisfied triplets: of all (Table II), by vote difference 5, 3, 1 (Table III).
TABLE_II = {
    "None": (0.72, 0.593), "PCA": (0.676, 0.592), "VAE": (0.64, 0.592), "M1": (0.72, 0.67), "M2": (0.736, 0.798),
}  # fmt: skip
TABLE_III = {
    "None": (0.842, 0.747, 0.615, 0.549), "PCA": (0.824, 0.743, 0.608, 0.549), "VAE": (0.838, 0.706, 0.593, 0.494),
    "M1": (0.853, 0.629, 0.575, 0.512), "M2": (0.835, 0.83, 0.701, 0.559),
}  # fmt: skip
PAPER: dict[str, dict[str, tuple[float, ...]]] = {"posed": TABLE_II, "spontaneous": TABLE_III}


def load(source: str, work: Path) -> TrainingData:
    """Returns "posed" or "spontaneous" faces."""
    if source == "spontaneous":
        return spontaneous()
    known = np.load(PEOPLE_FILE, allow_pickle=False)
    rest = np.flatnonzero(known["level"] == 0)
    neutral_of = dict(zip(known["subject"][rest].tolist(), rest.tolist(), strict=True))
    rows = [known[f"triplets_{name}"] for name in ("train", "val", "test")]
    split = known["split"]
    triplets = np.concatenate(rows).astype(np.int64)
    return TrainingData.build(
        stimuli=[f"face{row}" for row in range(len(split))],
        features=known["x_cm"],
        neutral=[neutral_of[person] for person in known["subject"].tolist()],
        split=split,
        subjects=[f"s{person:03d}" for person in known["subject"]],
        labels={"expression": known["classes"][known["cls"]]},
        triplets=TripletSet.build(triplets, len(split), split=split[triplets[:, 0]]),
        preprocess="face",
        scheme="ict83",
    )


def measure(folder: Path, codes: NDArray[np.float32], data: TrainingData) -> dict[str, Any]:
    """Accuracy and satisfied triplets of the test people, with the intervals over those people."""
    label = next(iter(data.labels))
    report = evaluate_embedding(codes, data, label)
    test = data.triplets.of_split(2)
    holds = satisfied(codes, test.triplets)
    people = bootstrap_mean(holds, data.subjects[test.triplets[:, 0]])
    margins = report["triplets"]["test"]["by_margin"]
    return {
        "dim": report["dim"],
        "accuracy": report["accuracy"],
        "triplets": report["triplets"]["test"]["satisfied"],
        "people": [people.low, people.high],
    } | {f"triplets_{margin}": entry["satisfied"] for margin, entry in margins.items()}


def studies(options: argparse.Namespace) -> list[Study]:
    """Every model on both sets, networks with each seed."""
    out = []
    for row, model in MODELS.items():
        for source in LABELS:
            config = {
                "iterations": options.iterations,
                "learning_rate": options.learning_rate,
                "evaluate_every": max(1, options.iterations // 8),
                "batch_size": BATCH[source],
            }
            seeds = range(options.seeds) if model.endswith("vae") else [0]
            out += [Study(model, source, seed, row, config if model.endswith("vae") else {}) for seed in seeds]
    return out


def reproduce(options: argparse.Namespace) -> None:
    """Trains, prints the tables and says what holds."""
    runs = studies(options)
    print(f"{len(runs)} runs, networks {options.iterations:,} iterations at {options.learning_rate:g} …", flush=True)
    done = run_all(runs, options.work, options.processes, load, measure)
    for source, title in (("posed", "Table II, posed set"), ("spontaneous", "Table III, spontaneous set")):
        rows = by_row(done, source)
        _table(
            rows,
            PAPER[source],
            f"{title}; test people; {options.seeds} seed(s), ± 95 %; paper 000's figures beside ours",
        )
        _minutes(rows)
    _holds(by_row(done, "posed"), by_row(done, "spontaneous"))
    reproduce_cfd36.report()


def _values(same: list[Done], name: str) -> list[float]:
    return [one.figures[name] for one in same]


def _table(rows: dict[str, list[Done]], paper: dict[str, tuple[float, ...]], title: str) -> None:
    names = ["accuracy"] + (["triplets"] if len(paper["M2"]) == 2 else [f"triplets_{m}" for m in TABLE_I])
    heads = [name.replace("triplets_", "difference ") for name in names]
    print(f"\n{title}\n")
    print("| Dimensionality reduction | Dim | " + " | ".join(f"{head} | paper" for head in heads) + " |")
    print("|---|---:|" + "---:|---:|" * len(names))
    for row in ORDER:
        cells = [
            f"{cell(_values(rows[row], name))} | {figure:.3f}" for name, figure in zip(names, paper[row], strict=True)
        ]
        print(f"| {row} | {rows[row][0].figures['dim']} | " + " | ".join(cells) + " |")


def _minutes(rows: dict[str, list[Done]]) -> None:
    times = ", ".join(f"{row} {np.mean([one.minutes for one in rows[row]]):.1f}" for row in ("VAE", "M1", "M2"))
    best = ", ".join(f"{row} {[one.best for one in rows[row]]}" for row in ("VAE", "M1", "M2"))
    low, high = rows["M2"][0].figures["people"]
    print(f"\nMinutes a run: {times}. Best at {best}. M2's triplets with other test people: {low:.3f} to {high:.3f}.")


def _holds(posed: dict[str, list[Done]], natural: dict[str, list[Done]]) -> None:
    """What holds of the paper's claims, and what does not."""
    others = ("None", "PCA", "VAE", "M1")
    print("\nWhat holds:")
    for title, rows, keys in (("posed", posed, ["triplets"]), ("natural", natural, [f"triplets_{m}" for m in TABLE_I])):
        for key in keys:
            second = max(others, key=lambda row, rows=rows, key=key: float(np.mean(_values(rows[row], key))))
            said = verdict(_values(rows["M2"], key), _values(rows[second], key))
            print(f"* {title}, {key.replace('_', ' of difference ')}: M2 above the next best ({second}) {said}.")
    claims = (
        ("posed, accuracy: M2 above M1", posed, "M2", "M1"),
        ("posed, accuracy: the neutral face helps (M1 above VAE)", posed, "M1", "VAE"),
        ("natural, accuracy: M2 above M1 (in the paper it is .018 below)", natural, "M2", "M1"),
    )
    for text, rows, first, second in claims:
        print(f"* {text} {verdict(_values(rows[first], 'accuracy'), _values(rows[second], 'accuracy'))}.")
    for lower, higher in ((3, 5), (1, 3)):
        said = verdict(_values(natural["M2"], f"triplets_{higher}"), _values(natural["M2"], f"triplets_{lower}"))
        print(f"* natural: M2 satisfying more triplets of difference {higher} than of {lower} {said}.")
    _without_models()


def _without_models() -> None:
    """What is to be had without any model: the plain difference x − y, and the distances that the crowd saw."""
    posed, natural = load("posed", Path()), load("spontaneous", Path())
    seen = perceived(natural_frames()).astype(np.float32)
    print("\nWithout a model, on these stand-ins, where expressions simply add to a face:")
    for title, data, codes in (
        ("posed, the difference x − y", posed, posed.features - posed.features[posed.neutral]),
        ("natural, the difference x − y", natural, natural.features - natural.features[natural.neutral]),
        ("natural, the coefficients that the simulated crowd compared (a ceiling)", natural, seen),
    ):
        figures = measure(Path(), codes, data)
        margins = [f"{figures[f'triplets_{m}']:.3f} of difference {m}" for m in TABLE_I if f"triplets_{m}" in figures]
        triplets = ", ".join(margins) or f"{figures['triplets']:.3f}"
        print(f"* {title}: accuracy {figures['accuracy']:.3f}, triplets {triplets}.")
