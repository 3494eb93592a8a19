"""Votes for tests: made-up crowds whose truth is known, and the real ones beside the checkout."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from annotation.quality.votes import VoteTable


def random_votes(seed: int = 0, *, questions: int = 40, votes: int = 150, choices: int = 2) -> VoteTable:
    """Votes that mean nothing; the last question has none. Two answers come with sides."""
    rng = np.random.default_rng(seed)
    return VoteTable(
        rng.integers(0, questions - 1, votes),
        rng.integers(0, 9, votes),
        rng.integers(0, choices, votes),
        questions,
        left=rng.integers(0, 2, votes) if choices == 2 else None,
        n_choices=choices,
    )


def triplet_crowd(
    seed: int,
    *,
    biased: float,
    spam: float,
    questions: int = 20_000,
    votes: int = 5,
    workers: int = 200,
    bias: float = 3.0,
    alike: bool = False,
) -> tuple[VoteTable, np.ndarray, np.ndarray]:
    """The crowd of the vote-quality survey, section 4: skill and a preference for one side of the screen.

    P(worker chooses left) = σ(skill · clarity · (+1 if the right answer is left, else −1) + preference), with
    skill ~ LogNormal(1.1, 0.3), 0 for the share `spam`; clarity = |Normal(0, 1)| of the question, or 1 where `alike`;
    preference ±`bias` for the share `biased`, else 0. Sides are drawn for every vote.

    Returns:
        The votes, the right answers (Q,), the preferences (W,).
    """
    rng = np.random.default_rng(seed)
    skill = np.exp(rng.normal(1.1, 0.3, workers))
    preference = np.where(rng.random(workers) < biased, rng.choice([-1, 1], workers) * bias, 0.0)
    skill[rng.random(workers) < spam] = 0
    question = np.repeat(np.arange(questions), votes)
    worker = np.argsort(rng.random((questions, workers)), axis=1)[:, :votes].ravel()
    left, truth = rng.integers(0, 2, len(question)), rng.integers(0, 2, questions)
    clarity = np.ones(questions) if alike else np.abs(rng.normal(0, 1, questions))
    pull = skill[worker] * clarity[question] * np.where(left == truth[question], 1, -1) + preference[worker]
    chose_left = rng.random(len(question)) < 1 / (1 + np.exp(-pull))
    table = VoteTable(question, worker, np.where(chose_left, left, 1 - left), questions, left=left)
    return table, truth, preference


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def real_votes(folder: Path) -> tuple[VoteTable, np.ndarray]:
    """One of the public sets of votes, and the right answers (Q,), −1 where they are not known."""
    votes = rows_of(folder / "votes.csv")
    known = {row["task"]: row["truth"] for row in rows_of(folder / "truth.csv")}
    tasks, workers, labels = (sorted({row[name] for row in votes}) for name in ("task", "worker", "label"))
    number = [{name: at for at, name in enumerate(names)} for names in (tasks, workers, labels)]
    columns = (
        np.array([at[row[name]] for row in votes]) for at, name in zip(number, ("task", "worker", "label"), strict=True)
    )
    truth = np.array([number[2].get(known.get(task, ""), -1) for task in tasks])
    return VoteTable(*columns, n_questions=len(tasks), n_choices=len(labels)), truth
