"""A crowd at work, and what its votes come to by plain loops: the other side of the tests of the quality page."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import combinations, permutations
from typing import Any
from uuid import uuid4

import numpy as np
from django.utils import timezone

from annotation.models import Assignment, Campaign, Participation, Question, Vote
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_finish, round_open
from annotation.services.workers import worker_get


def fill(opened: Any, seed: int) -> None:
    """Answer all of a round at once: nine workers who see a truth more or less well.

    Worker 3 leans to the left, worker 5 guesses and is fast; everybody cannot tell now and then.
    """
    rng = np.random.default_rng(seed)
    campaign, now = opened.campaign, timezone.now()
    workers = [worker_get(channel="test", external_id=f"w{number}") for number in range(9)]
    for worker in workers:
        Participation.objects.get_or_create(campaign=campaign, worker=worker)
    votes = []
    for hit in opened.hits.all():
        questions = list(hit.questions.all())
        for slot, number in enumerate(rng.permutation(9)[:5].tolist()):
            assignment = Assignment.objects.create(
                campaign=campaign, hit=hit, worker=workers[number], slot=slot, seed=0, status="submitted",
                lease_until=now, submitted=now,
            )  # fmt: skip
            for question in questions:
                left = "ab"[rng.integers(2)] if question.kind == "triplet" else ""
                votes.append(
                    Vote(
                        question=question,
                        assignment=assignment,
                        worker=workers[number],
                        slot=slot,
                        left=left,
                        choice=answer(question, number, left, rng),
                        response_ms=int((350 if number == 5 else 1500) * rng.lognormal(0, 0.6)),
                        client_id=uuid4(),
                        created=now,
                    )
                )
        hit.open_slots = 0
        hit.save()
    Vote.objects.bulk_create(votes)


def answer(question: Question, number: int, left: str, rng: Any) -> str:
    if rng.random() < 0.03:
        return "x"
    truth = question.pk % (2 if left else 3)
    if number == 3 and left and rng.random() < 0.6:
        return left
    if number != 5 and rng.random() < 0.45 + 0.05 * number:
        return "ab"[truth] if left else str(truth)
    return "ab"[rng.integers(2)] if left else str(rng.integers(3))


def round_of(campaign: Campaign, seed: int, close: bool = True) -> Any:
    opened = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=6, seed=seed))
    fill(opened, seed)
    if close:
        round_finish(round=round_close(round=opened))
    return opened


def raw(campaign: Campaign, kind: str, **which: Any) -> list[Vote]:
    """Votes that count, "can't tell" left out."""
    rows = Vote.objects.filter(question__campaign=campaign, question__kind=kind, **which).exclude(choice="x")
    return list(rows.select_related("question__round", "worker").order_by("question", "pk"))


def answers(votes: list[Vote]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for vote in votes:
        found[vote.question_id].append(vote.choice)
    return found


def naive_percent(by_question: dict[int, list[str]]) -> float:
    pairs = [one == other for given in by_question.values() for one, other in combinations(given, 2)]
    return sum(pairs) / len(pairs)


def naive_alpha(by_question: dict[int, list[str]]) -> float:
    """1 − observed / expected disagreement, pair by pair."""
    paired = {key: given for key, given in by_question.items() if len(given) >= 2}
    every = [choice for given in paired.values() for choice in given]
    observed = sum(
        sum(one != other for one, other in permutations(given, 2)) / (len(given) - 1) for given in paired.values()
    ) / len(every)
    count = Counter(every)
    different = sum(count[one] * count[other] for one, other in permutations(count, 2))
    return 1 - observed / (different / (len(every) * (len(every) - 1)))


def naive_kappa(by_question: dict[int, list[str]]) -> float:
    paired = [given for given in by_question.values() if len(given) >= 2]
    agreeing = []
    for given in paired:
        pairs = [one == other for one, other in combinations(given, 2)]
        agreeing.append(sum(pairs) / len(pairs))
    every = [choice for given in paired for choice in given]
    chance = sum((count / len(every)) ** 2 for count in Counter(every).values())
    return (sum(agreeing) / len(agreeing) - chance) / (1 - chance)


def naive_others(by_question: dict[int, list[str]], choices: int) -> float:
    """How often the majority of the others is a person's answer; t that are level score 1/t."""
    score, people = 0.0, 0
    for given in by_question.values():
        if len(given) < 2:
            continue
        for place, choice in enumerate(given):
            others = Counter(given[:place] + given[place + 1 :])
            most = max(others.values())
            level = [one for one, count in others.items() if count == most]
            score += 1 / len(level) if choice in level else 0
            people += 1
    return score / people


def naive_plurality(by_question: dict[int, list[str]]) -> float:
    several = [given for given in by_question.values() if len(given) >= 2]
    return sum(max(Counter(given).values()) / len(given) for given in several) / len(several)


def margin_of(given: list[str]) -> int:
    ranked = [*sorted(Counter(given).values(), reverse=True), 0]
    return ranked[0] - ranked[1]


def percent_text(share: float) -> str:
    return f"{100 * share:.1f} %"


def plain(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def naive_side_frame(votes: list[Vote]) -> tuple[dict[int, float], dict[int, list[list[float]]]]:
    """Side-frame Dawid–Skene, vote by vote.

    Returns:
        P(b is right) of each question; of each worker, expected votes by right side and side chosen (0 left, 1 right).
    """
    by_question = answers(votes)
    p = {key: given.count("b") / len(given) for key, given in by_question.items()}
    for _ in range(200):
        sides = naive_sides(votes, p)
        theta = {}
        for worker, table in sides.items():
            for truth in (0, 1):
                smooth = [table[truth][chosen] + (2.0 if chosen == truth else 1.0) for chosen in (0, 1)]
                theta[worker, truth] = [one / sum(smooth) for one in smooth]
        logit = dict.fromkeys(p, 0.0)
        for vote in votes:
            chosen = int(vote.choice != vote.left)
            side_of_b = 0 if vote.left == "b" else 1
            b, a = theta[vote.worker_id, side_of_b][chosen], theta[vote.worker_id, 1 - side_of_b][chosen]
            logit[vote.question_id] += math.log(b / a)
        new = {key: 1 / (1 + math.exp(-one)) for key, one in logit.items()}
        change = max(abs(new[key] - p[key]) for key in p)
        p = new
        if change <= 1e-6:
            break
    return p, naive_sides(votes, p)


def naive_sides(votes: list[Vote], p: dict[int, float]) -> dict[int, list[list[float]]]:
    found: dict[int, list[list[float]]] = defaultdict(lambda: [[0.0, 0.0], [0.0, 0.0]])
    for vote in votes:
        chosen = int(vote.choice != vote.left)
        b = p[vote.question_id]
        left_right = b if vote.left == "b" else 1 - b
        found[vote.worker_id][0][chosen] += left_right
        found[vote.worker_id][1][chosen] += 1 - left_right
    return found


def naive_others_agree(votes: list[Vote]) -> dict[int, float]:
    """Of each worker, how often the plurality of the others gave the same answer, where they have one."""
    by_question: dict[int, list[Vote]] = defaultdict(list)
    for vote in votes:
        by_question[vote.question_id].append(vote)
    same: dict[int, list[bool]] = defaultdict(list)
    for given in by_question.values():
        for vote in given:
            ranked = Counter(one.choice for one in given if one is not vote).most_common()
            if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
                same[vote.worker_id].append(ranked[0][0] == vote.choice)
    return {worker: sum(hits) / len(hits) for worker, hits in same.items()}
