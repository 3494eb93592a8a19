"""The demo's story, step by step. Each step does what is missing, so it can be broken off and go on."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.core.management import call_command
from django.db.models import Count

from accounts.models import User
from accounts.services import user_create
from annotation.crowd.simulated import crowd_make, crowd_work
from annotation.errors import WrongState
from annotation.models import Campaign, Dataset, Round, Vote
from annotation.selectors.agreement import campaign_agreement
from annotation.services.campaigns import campaign_create, campaign_status_set
from annotation.services.collections import collection_get
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_open
from annotation.tasks import round_finish
from config.demo.console import Console
from config.demo.faces import SCHEME, faces_import
from learning.models import Run
from learning.registry import PAPER_000, SHORT_LABELS
from learning.services.runs import plan_set, run_create
from learning.tasks import ring_after_commit

SLUG = "demo-expressions"
SEED, WORKERS = 7, 60
MODEL = "triplet-vae"
SELECT = 400
# What the form of a new campaign begins with, and a shorter practice.
HONEST = {"golds_first": 2, "golds_later": 1, "repeats": 1, "attention": 1, "practice": 3}
T = TypeVar("T")


@dataclass(frozen=True)
class Scale:
    """How large the demo is: a training that fits a coffee break; the papers' own settings are the models' defaults."""

    people: int = 60
    iterations: int = 2000

    @property
    def training(self) -> dict[str, Any]:
        every = max(1, self.iterations // 20)
        return {"iterations": self.iterations, "learning_rate": 1e-3, "evaluate_every": every}


class DemoFailed(Exception):
    """The demo cannot go on; the message says why."""


def prepare(console: Console, scale: Scale) -> str | None:
    """Database, admin, stimuli, campaign. Returns the admin's password where the admin was made now."""
    console.step("Database")
    call_command("migrate", verbosity=0, interactive=False)
    console.done("ready")
    password = None
    if not User.objects.filter(username="admin").exists():
        password = user_create(username="admin", role=User.Role.ADMIN)[1]
    owner = User.objects.get(username="admin")
    collection = collection_get(owner=owner, name="Demo faces", landmark_scheme=SCHEME)
    console.step("Faces")
    if not collection.stimuli.exists():
        faces_import(collection=collection, people=scale.people, seed=SEED)
    people = collection.stimuli.aggregate(people=Count("subject", distinct=True))["people"]
    console.done(f"{collection.stimuli.count():,} expressions of {people} made-up people")
    if not Campaign.objects.filter(slug=SLUG).exists():
        campaign = campaign_create(
            owner=owner,
            name="Demo: expressions",
            slug=SLUG,
            collection=collection,
            prompt="Which face below has the expression more like the one above?",
            label="expression",
            seed=SEED,
            **HONEST,
        )
        plan_set(campaign=campaign, model=MODEL, config=scale.training, select_count=SELECT, seed=SEED)
        campaign_status_set(campaign=campaign, status=Campaign.Status.RUNNING)
    return password


def ask(console: Console) -> None:
    """The first round: a balanced design, open to the simulated crowd."""
    campaign = Campaign.objects.get(slug=SLUG)
    console.step("First round")
    first = campaign.rounds.filter(number=1).first() or round_propose_balanced(campaign=campaign)
    if first.status == Round.Status.PROPOSED:
        first = round_open(round=first)
    questions = first.questions.count()
    console.done(f"{questions:,} triplets, each face in 6 of them")
    console.step("Simulated crowd")
    if first.status == Round.Status.OPEN:
        crowd = crowd_make(size=WORKERS, seed=SEED)
        crowd_work(
            round=first,
            workers=crowd,
            seed=SEED,
            on_progress=lambda answers: console.update(f"{answers:,} answers"),
        )
        with suppress(WrongState):  # the clock closes complete rounds by itself, and may have been faster
            round_close(round=first)
        round_finish.delay(first.pk)
    votes = Vote.objects.filter(question__round=first).count()
    console.done(f"{votes:,} votes, {campaign.votes_per_question} a triplet; checks of who looks beside them")


def learn(console: Console, scale: Scale, alive: Callable[[], None]) -> None:
    """Weights, dataset, five models, the next round: all by the workers, as in any campaign."""
    campaign = Campaign.objects.get(slug=SLUG)
    console.step("Weights and dataset")
    dataset = _wait(console, alive, lambda: campaign.datasets.order_by("pk").first(), lambda: "counting votes")
    console.done(f"{dataset.triplets:,} weighted triplets, sha256 {dataset.content_sha256[:12]}…")
    runs = _runs(campaign, dataset, scale)
    for run in runs:
        console.step(f"Training {SHORT_LABELS[run.model]}")
        _wait(console, alive, partial(_over, run), partial(_training, run))
        run.refresh_from_db()
        if run.status != Run.Status.DONE:
            raise DemoFailed(f"Run {run.pk} ({run.model}) is {run.status}: {run.error or 'no reason was given'}")
        console.done(_result(run))
    console.step("Second round")
    _wait(console, alive, lambda: campaign.rounds.filter(number=2).first(), lambda: "selecting")
    second = campaign.rounds.get(number=2)
    if second.status == Round.Status.PROPOSED:
        second = round_open(round=second)
    console.done(f"{second.questions.count():,} triplets chosen by {second.origin['selector']}, open to you")


def _runs(campaign: Campaign, dataset: Dataset, scale: Scale) -> list[Run]:
    """The plan's own run, and one of every other model to compare it with."""
    for model in PAPER_000:
        if not Run.objects.filter(campaign=campaign, dataset=dataset, model=model).exists():
            config = scale.training if model.endswith("vae") else {}
            run_create(campaign=campaign, dataset=dataset, model=model, config=config, seed=SEED)
    ring_after_commit()
    order = list(PAPER_000)
    first_of_model = {run.model: run for run in Run.objects.filter(dataset=dataset).order_by("-pk")}
    return sorted(first_of_model.values(), key=lambda run: order.index(run.model))


def _over(run: Run) -> bool:
    run.refresh_from_db()
    return run.is_over


def _training(run: Run) -> str:
    progress = run.progress
    if not progress.get("iteration"):
        return "waiting" if run.status == Run.Status.QUEUED else "starting"
    eta = progress.get("eta_s")
    left = f", {eta:.0f} s left" if eta else ""
    return f"{progress['iteration']:,} of {progress['total']:,} iterations{left}"


def _result(run: Run) -> str:
    metrics = run.evaluation.metrics
    return f"{metrics['triplets']['test']['satisfied']:.1%} of the test triplets satisfied"


def _wait(console: Console, alive: Callable[[], None], look: Callable[[], T | None], say: Callable[[], str]) -> T:
    """Look twice a second until there is something."""
    while not (found := look()):
        alive()
        console.update(say())
        time.sleep(0.5)
    return found


def results(console: Console) -> None:
    """The agreement of the crowd and the comparison of the models."""
    from learning.selectors import comparison_rows

    campaign = Campaign.objects.get(slug=SLUG)
    first = campaign.rounds.get(number=1)
    console.say()
    console.say("How far the crowd agrees: questions by difference of votes (Table I)")
    console.say(campaign_agreement(campaign, first).to_markdown())
    console.say("What the models learned: people never seen in training (layout of Tables II and III)")
    levels = sorted({level for row in comparison_rows(campaign) for level in row.by_margin}, reverse=True)
    head = "".join(f" {f'diff. {level}':>8}" for level in levels)
    console.say(f"{'Model':<6} {'Dim':>4} {'Accuracy':>9} {'Triplets':>9}{head}")
    for row in comparison_rows(campaign):
        accuracy = "–" if row.accuracy is None else f"{row.accuracy:.3f}"
        satisfied = "–" if row.satisfied is None else f"{row.satisfied:.3f}"
        cells = "".join(
            f" {row.by_margin[level]:>8.3f}" if level in row.by_margin else f" {'–':>8}" for level in levels
        )
        console.say(f"{row.name:<6} {row.dim:>4} {accuracy:>9} {satisfied:>9}{cells}")
    console.say()
