"""Aggregation beside crowd-kit, in one run: ``python -m benchmarks.aggregation --questions 100000 1000000``.

crowd-kit is installed apart, with the scikit-learn that it still works with. Both sides are processes that hold the
same votes, five a question in random order, and take turns; ratios are of CPU times, the median of the turns.

* majority: the winners must be the same. crowd-kit's call also counts how often each worker agrees with it; ours counts
  that when it is asked for.
* Dawid–Skene of two answers, 10 iterations on both sides, by maximum likelihood (crowd-kit's model; our priors are
  off): posteriors must agree to 1e-9.
* on the real votes beside the checkout, where they are: our Dawid–Skene with its defaults beside crowd-kit's.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from annotation.quality.dawid_skene import DawidSkene
from annotation.quality.votes import VoteTable
from benchmarks.sides import Side

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT.parent / "shared" / "data" / "votes"
PINS = ("crowd-kit==1.4.2", "scikit-learn<1.6")
SPEED = {"majority": 50.0, "dawid-skene": 30.0}
MEMORY = 8.0
EQUAL = 1e-9
WORKERS = 500


def crowd_kit(venv: Path) -> Path:
    """The Python of a virtual environment with crowd-kit in it, made where it is missing."""
    python = venv / "bin" / "python"
    if subprocess.run([python, "-c", "import crowdkit"], capture_output=True).returncode if python.exists() else True:
        print(f"installing {' '.join(PINS)} into {venv} …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS], check=True)
    return python


def synthetic(questions: int, votes: int = 5, seed: int = 0) -> dict[str, np.ndarray]:
    """A crowd with Zipf(0.6) diligence, Beta(12, 3) skill, 5 % of spammers and questions of Beta(2, 5) difficulty."""
    rng = np.random.default_rng(seed)
    diligence = np.cumsum(np.arange(1, WORKERS + 1) ** -0.6)
    worker = np.zeros((questions, votes), dtype=np.int64)
    again = np.arange(questions)
    while len(again):  # until nobody has answered a question twice
        worker[again] = np.searchsorted(diligence, rng.random((len(again), votes)) * diligence[-1])
        ranked = np.sort(worker[again], axis=1)
        again = again[(ranked[:, 1:] == ranked[:, :-1]).any(axis=1)]
    skill = np.where(rng.random(WORKERS) < 0.05, 0.5, rng.beta(12, 3, WORKERS))
    truth, difficulty = rng.integers(0, 2, questions), rng.beta(2, 5, questions)
    right = 0.5 + (skill[worker] - 0.5) * (1 - difficulty)[:, None]
    choice = np.where(rng.random((questions, votes)) < right, truth[:, None], 1 - truth[:, None])
    order = rng.permutation(questions * votes)
    question = np.repeat(np.arange(questions), votes)
    return {
        name: values.ravel()[order] for name, values in (("question", question), ("worker", worker), ("choice", choice))
    }


def compare(python: Path, task: str, votes: Path, rounds: int) -> bool:
    """Turns of (theirs, ours × 3); prints the figures and says whether every bar is met."""
    script, cwd = "aggregation_side.py", votes.parent
    theirs = Side(python, script, ["theirs", task, votes], ours=False, cwd=cwd)
    ours = Side(Path(sys.executable), script, ["ours", task, votes], ours=True, cwd=cwd)
    their_runs, our_runs, ratios = [], [], []
    for _ in range(rounds):
        slow = theirs.ask("run")
        quick = [ours.ask("run") for _ in range(3)]
        their_runs.append(slow)
        our_runs += quick
        ratios.append(slow["cpu"] / statistics.median(run["cpu"] for run in quick))
    results = [votes.with_name(f"{task}-{name}.npy") for name in ("theirs", "ours")]
    extra = []
    for side, path in zip((theirs, ours), results, strict=True):
        extra.append(side.ask("memory")["extra"])
        side.ask(f"save {path}")
    built = ours.first["built"]
    theirs.end()
    ours.end()
    apart = float(np.abs(np.load(results[0]).astype(float) - np.load(results[1]).astype(float)).max())
    mine, slow_cpu = (statistics.median(run["cpu"] for run in runs) for runs in (our_runs, their_runs))
    mine_wall, slow_wall = (statistics.median(run["wall"] for run in runs) for runs in (our_runs, their_runs))
    ratio, lean = statistics.median(ratios), extra[0] / max(extra[1], 1e-9)
    met = ratio >= SPEED[task] and lean >= MEMORY and apart <= EQUAL
    print(
        f"  {task:12} CPU s ours {mine:.4f} crowd-kit {slow_cpu:.3f} | wall s {mine_wall:.4f} {slow_wall:.3f} | "
        f"ratio {ratio:.1f} (turns {', '.join(f'{one:.1f}' for one in ratios)}; bar {SPEED[task]:g}; "
        f"with building our table {slow_cpu / (mine + built):.1f})\n"
        f"  {'':12} extra MiB ours {extra[1]:.1f} crowd-kit {extra[0]:.1f} | ratio {lean:.1f} (bar {MEMORY:g}) | "
        f"largest difference {apart:.1e} (bar {EQUAL:g}) | {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def our_labels(folder: Path) -> dict[str, str]:
    """Labels of a real set by Dawid–Skene with its defaults."""
    votes = rows_of(folder / "votes.csv")
    names = [sorted({row[name] for row in votes}) for name in ("task", "worker", "label")]
    number = [{name: at for at, name in enumerate(one)} for one in names]
    columns = [
        np.array([at[row[name]] for row in votes]) for at, name in zip(number, ("task", "worker", "label"), strict=True)
    ]
    table = VoteTable(*columns, n_questions=len(names[0]), n_choices=len(names[2]))
    best = DawidSkene().fit(table).posterior.argmax(axis=1)
    return {task: names[2][label] for task, label in zip(names[0], best, strict=True)}


def accuracies(python: Path, folder: Path) -> bool:
    """Print both sides' accuracy on every real set, and whether ours is less anywhere."""
    out = folder / "labels.json"
    subprocess.run([python, ROOT / "benchmarks" / "aggregation_real.py", REAL, out], check=True, capture_output=True)
    good = True
    for name, labels in json.loads(out.read_text()).items():
        truth = {row["task"]: row["truth"] for row in rows_of(REAL / name / "truth.csv")}
        mine = our_labels(REAL / name)
        known = [task for task in truth if task in mine]
        right = [(mine[task] == truth[task], labels[task] == truth[task]) for task in known]
        ours, theirs = (sum(one[side] for one in right) / len(known) for side in (0, 1))
        only_ours, only_theirs = (sum(one[side] and not one[1 - side] for one in right) for side in (0, 1))
        # McNemar: of the tasks that one side alone has right, each side has half, give or take two standard deviations.
        chance = abs(only_theirs - only_ours) <= 2 * np.sqrt(only_ours + only_theirs)
        good &= ours >= theirs
        verdict = ("as good or better" if ours >= theirs else "LESS") + (", within chance" if chance else "")
        print(
            f"  {name:15} {len(known):6,} tasks | ours {ours:.4f} crowd-kit {theirs:.4f} | "
            f"only ours right {only_ours}, only theirs {only_theirs} | {verdict}"
        )
    return good


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every comparison; exit status 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, nargs="+", default=[100_000], help="5 votes each")
    parser.add_argument("--rounds", type=int, default=3, help="turns per comparison")
    parser.add_argument("--venv", type=Path, default=Path(tempfile.gettempdir()) / "semblance-crowd-kit-1.4.2")
    options = parser.parse_args(arguments)
    python = crowd_kit(options.venv)
    met = []
    with tempfile.TemporaryDirectory() as temporary:
        for questions in options.questions:
            print(f"{questions:,} questions × 5 votes, {WORKERS} workers", flush=True)
            votes = Path(temporary) / f"votes-{questions}.npz"
            np.savez(votes, **synthetic(questions))
            met += [compare(python, task, votes, options.rounds) for task in SPEED]
        if REAL.exists():
            print("real votes, Dawid–Skene with the defaults of each side")
            met.append(accuracies(python, Path(temporary)))
    print(
        "every bar of speed, memory and equality met, no set worse than by chance" if all(met) else "a bar was MISSED"
    )
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
