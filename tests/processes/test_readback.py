"""Every export read by the tools that it is for, in an environment of their own: they find the same triplets."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from annotation.formats.registry import ANSWER_EXPORTS, EXPORTS
from annotation.models import Dataset
from annotation.selectors.datasets import BUNDLE, dataset_load
from annotation.services.datasets import dataset_freeze
from annotation.services.vote_imports import votes_import
from tests.annotation.services.frozen_campaigns import content, with_two_rounds
from tests.requirements import need_readers

pytestmark = [pytest.mark.processes, pytest.mark.django_db]
READERS = Path(__file__).parent / "readers.py"
FORMATS = (*EXPORTS, *ANSWER_EXPORTS, BUNDLE)  # all but THINGS's, which holds other judgements than these


def read_back(dataset: Dataset, folder: Path) -> dict[str, list[list[str]]]:
    """What each tool says, by its name."""
    python = need_readers()
    for name in FORMATS:
        (folder / name).write_bytes(content(dataset, name).getvalue())
    done = subprocess.run([python, str(READERS), str(folder)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, list[list[str]]] = json.loads(done.stdout)
    return found


def check(dataset: Dataset, folder: Path) -> None:
    frozen = dataset_load(dataset)
    keys = frozen.stimuli.tolist()
    expected = sorted([keys[place] for place in triplet] for triplet in frozen.triplets.tolist())
    found = read_back(dataset, folder)
    assert len(found) == 13, sorted(found)
    for name, triplets in found.items():
        assert triplets == expected, name


def test_the_tools_of_others_read_the_same_triplets(campaign: Any, tmp_path: Path) -> None:
    check(dataset_freeze(campaign=with_two_rounds(campaign)), tmp_path)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["cfd36_faces", "alien_eggs_30_next"])
def test_so_they_do_of_real_judgements(name: str, alice: Any, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "triplets" / name / "responses.csv"
    found = votes_import(owner=alice, path=path, new_collection=name, name=name)
    check(dataset_freeze(campaign=found.campaign), tmp_path)
