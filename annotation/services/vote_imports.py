"""Votes that were given elsewhere: taken in as a campaign whose round is closed, all or nothing."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from accounts.models import User
from annotation.errors import AnnotationError, ImportRefused
from annotation.formats.errors import FormatError
from annotation.formats.votes.items import Item, read_items
from annotation.formats.votes.registry import format_of, read_votes
from annotation.formats.votes.rows import VoteRows
from annotation.models import Campaign, Collection, Dataset, Round
from annotation.services.campaigns import campaign_create, campaign_status_set
from annotation.services.collections import collection_get
from annotation.services.import_items import items_find, items_make, mixed_refuse
from annotation.services.import_plan import Plan, plan_make
from annotation.services.import_rows import rows_import
from annotation.services.rounds import round_finish

_MOST_VOTES_EACH = 99


@dataclass(frozen=True)
class VoteImport:
    """What an import came to.

    Attributes:
        campaign: What was made; gone again after a dry run.
        dataset: What was frozen; None where no question has a majority, and after a dry run.
        format: The format that was read.
        stimuli: Stimuli of the collection, and how many of them were made.
        workers: People who answered.
        counts: See import_plan.
        left_out: Answers that were not taken, by reason.
    """

    campaign: Campaign
    dataset: Dataset | None
    format: str
    stimuli: int
    made: int
    workers: int
    counts: Mapping[str, int]
    left_out: Mapping[str, int] = field(default_factory=dict)


def votes_import(
    *,
    owner: User,
    path: Path,
    format: str = "",
    options: dict[str, str] | None = None,
    collection: Collection | None = None,
    new_collection: str = "",
    items: Path | None = None,
    name: str = "",
    leave_out_mixed: bool = False,
    dry_run: bool = False,
) -> VoteImport:
    """Take a file of votes in as a campaign with one closed round, its consensus and its dataset.

    Args:
        owner: Whose campaign it will be.
        path: The file.
        format: A name in VOTE_FORMATS; found out where it is empty.
        options: What the format has to be told.
        collection: Whose stimuli the votes are about; or else
        new_collection: the name of a collection of texts to make.
        items: A table of what the votes' names stand for.
        name: The campaign's name; the file's by default.
        leave_out_mixed: Whether triplets across splits are left out; they are refused otherwise.
        dry_run: Do everything but keep nothing.

    Raises:
        ImportRefused: Something is wrong; the message names file, row and field, and nothing was imported.
    """
    try:
        rows = read_votes(path, format=format, options=options)
        chosen = format or format_of(path)
        told = None if items is None else read_items(items)
    except FormatError as error:
        raise ImportRefused(str(error)) from error
    with transaction.atomic():
        where, made = _collection(owner, collection, new_collection, rows, told)
        keys, splits = items_find(collection=where, rows=rows, items=told)
        rows = mixed_refuse(rows=rows, splits=splits, leave_out=leave_out_mixed)
        plan = plan_make(rows, keys, splits)
        if not plan.asked:
            raise ImportRefused(f"{path.name}: there are checks, and no votes.")
        campaign = _campaign(owner, name or path.stem, where, plan)
        round = _round(
            campaign, plan, {"design": "import", "format": chosen, "file": path.name, "sha256": _sha256(path)}
        )
        rows_import(campaign=campaign, round=round, plan=plan, created=_moments(rows))
        dataset = None if dry_run else round_finish(round=round)
        campaign = campaign_status_set(campaign=campaign, status=Campaign.Status.PAUSED)
        transaction.set_rollback(dry_run)
    return VoteImport(
        campaign=campaign,
        dataset=dataset,
        format=chosen,
        stimuli=len(rows.items),
        made=made,
        workers=len(plan.workers),
        counts=plan.counts,
        left_out=rows.left_out,
    )


def _collection(
    owner: User, collection: Collection | None, name: str, rows: VoteRows, items: list[Item] | None
) -> tuple[Collection, int]:
    """The collection that the votes are about, and how many stimuli were made for it."""
    if (collection is None) == (not name):
        raise ImportRefused("Say which collection the votes are about, or how a new one is called; one of the two.")
    if collection is not None:
        if not owner.is_admin and collection.owner_id != owner.pk:
            raise ImportRefused(f"The collection {collection.name!r} belongs to somebody else.")
        return collection, 0
    if Collection.objects.filter(owner=owner, name=name).exists():
        raise ImportRefused(f"There is a collection {name!r} already; name it as the one that the votes are about.")
    made = collection_get(owner=owner, name=name)
    return made, items_make(collection=made, rows=rows, items=items)


def _campaign(owner: User, name: str, collection: Collection, plan: Plan) -> Campaign:
    each = int(np.median(plan.wanted))
    try:
        campaign = campaign_create(
            owner=owner,
            name=name[:120],
            collection=collection,
            votes_per_question=min(max(each, 1), _MOST_VOTES_EACH),
            cant_tell=plan.counts["cant_tell"] > 0,
        )
    except AnnotationError as error:
        raise ImportRefused(error.message) from error
    return campaign_status_set(campaign=campaign, status=Campaign.Status.RUNNING)


def _round(campaign: Campaign, plan: Plan, origin: dict[str, Any]) -> Round:
    """A round that is being closed: nobody is asked in it, and what was answered is about to be counted."""
    return Round.objects.create(
        campaign=campaign,
        number=1,
        status=Round.Status.CLOSING,
        origin=origin,
        size=plan.asked,
        opened=timezone.now(),
    )


def _moments(rows: VoteRows) -> NDArray[np.datetime64]:
    now = np.datetime64(timezone.now().replace(tzinfo=None), "us")
    return np.where(np.isnat(rows.created), now, rows.created)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
