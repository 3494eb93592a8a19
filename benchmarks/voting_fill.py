"""Inside a site: fill it through the product's services, and count afterwards. Run by benchmarks.voting as a program.

Reads one JSON request on standard input, writes one JSON answer on standard output.
"""

import csv
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
# 160 × C(159, 2) different triplets: two million, more than any benchmark asks.
STIMULI = 160


def setup_django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    sys.path[:0] = [str(ROOT), str(ROOT / "platform")]
    import django

    django.setup()


def make(questions: int, annotators: int, campaigns: list[str]) -> dict[str, Any]:
    """Campaigns of so many questions each, and annotators who are signed in."""
    return {"addresses": {name: address(make_campaign(name, questions)) for name in campaigns},
            "cookies": [_signed_in(number) for number in range(annotators)]}  # fmt: skip


def address(campaign: Any) -> str:
    from django.urls import reverse

    return reverse("annotation:vote", args=[campaign.slug])


def make_campaign(name: str, questions: int) -> Any:
    """A running campaign with one open round."""
    from accounts.models import User
    from accounts.services import user_create
    from annotation.models import Stimulus
    from annotation.services.campaigns import campaign_create, campaign_status_set
    from annotation.services.collections import collection_get, stimuli_import
    from annotation.services.proposals import round_propose
    from annotation.services.rounds import round_open

    owner = User.objects.filter(username="benchmark").first() or user_create(username="benchmark", role="researcher")[0]
    collection = collection_get(owner=owner, name="Benchmark")
    if not collection.stimuli.exists():
        with tempfile.TemporaryDirectory() as folder:
            stimuli_import(collection=collection, path=_manifest(Path(folder)))
    keys = np.array(
        Stimulus.objects.filter(collection=collection).order_by("pk").values_list("pk", flat=True), dtype=np.int64
    )
    campaign = campaign_create(owner=owner, name=name, collection=collection)
    campaign = campaign_status_set(campaign=campaign, status="running")
    origin = {"design": "random", "seed": 0}
    round_open(round=round_propose(campaign=campaign, triplets=keys[_triplets(questions)], origin=origin))
    return campaign


def _manifest(folder: Path) -> Path:
    """Stimuli of one split with four landmarks each: voting does not look at what a picture shows."""
    points = np.random.default_rng(0).normal(size=(STIMULI, 4, 3)).astype(np.float32)
    np.savez(folder / "points.npz", points=points)
    with (folder / "stimuli.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "features", "kind", "subject", "split"])
        for row in range(STIMULI):
            writer.writerow([f"s{row:03d}", f"points.npz#points/{row}", "landmarks", f"p{row % 40:02d}", "train"])
    return folder / "stimuli.csv"


def _triplets(count: int) -> np.ndarray:
    """(count, 3) different triplets of stimuli, at random: a reference and two candidates in order."""
    first, second = np.triu_indices(STIMULI - 1, k=1)
    if count > STIMULI * len(first):
        sys.exit(f"{STIMULI} stimuli make {STIMULI * len(first):,} triplets, not {count:,}.")
    chosen = np.random.default_rng(1).choice(STIMULI * len(first), size=count, replace=False)
    reference, pair = np.divmod(chosen, len(first))
    # The candidates are places among the other stimuli: those from the reference on lie one further.
    candidates = np.column_stack([first[pair], second[pair]])
    return np.column_stack([reference, candidates + (candidates >= reference[:, None])]).astype(np.int64)


def _signed_in(number: int) -> dict[str, str]:
    """The cookies of an annotator's browser."""
    from django.conf import settings
    from django.middleware.csrf import _get_new_csrf_string
    from django.test import Client

    from accounts.services import user_create

    client = Client()
    client.force_login(user_create(username=f"annotator-{number}", role="annotator")[0])
    return {"csrftoken": _get_new_csrf_string(), "sessionid": client.cookies[settings.SESSION_COOKIE_NAME].value}


def count(slug: str, acknowledged: list[str]) -> dict[str, Any]:
    """What the database holds of a campaign, against what its clients were told."""
    from annotation.models import Campaign, Question, Vote

    campaign = Campaign.objects.get(slug=slug)
    votes = Vote.objects.filter(question__campaign=campaign)
    each = Counter(votes.values_list("question_id", flat=True))
    people = Counter(question for question, _ in set(votes.values_list("question_id", "worker_id")))
    held = {str(one) for one in votes.values_list("client_id", flat=True)}
    wanted = campaign.votes_per_question
    return {
        "questions": Question.objects.filter(campaign=campaign).count(),
        "votes": sum(each.values()),
        "wanted": wanted,
        "complete": sum(one == wanted for one in each.values()),
        "over": sum(one > wanted for one in each.values()),
        "same_worker_twice": sum(people[question] != number for question, number in each.items()),
        "lost": len(set(acknowledged) - held),
    }


def main() -> None:
    request = json.load(sys.stdin)
    setup_django()
    do = request.pop("do")
    json.dump(make(**request) if do == "make" else count(**request), sys.stdout)


if __name__ == "__main__":
    main()
