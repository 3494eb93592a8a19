"""Neutrals, subsets and artificial triplets on the product's own faces."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from annotation.errors import AnnotationError
from annotation.faces.generator import generate_faces
from annotation.models import Split, Stimulus
from annotation.selectors.datasets import dataset_load
from annotation.selectors.faces import faces_aligned, units_present
from annotation.services.artificial import dataset_from_labels
from annotation.services.collections import collection_get, stimuli_import
from annotation.services.faces import neutrals_choose, subset_rows
from annotation.services.proposals import round_propose_balanced
from config.demo.faces import faces_write
from tests.factories import small_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def faces(alice, tmp_path: Path):
    collection = collection_get(owner=alice, name="Faces", landmark_scheme="bu83")
    stimuli_import(collection=collection, path=faces_write(generate_faces(people=10, seed=2), tmp_path))
    return collection


def test_the_chosen_neutral_has_no_action_unit_and_is_nearest_to_the_others(faces):
    faces.stimuli.update(neutral=None)
    # Five frames of one person without any action unit: the neutral one and four made so.
    person = list(faces.stimuli.filter(subject="p001").order_by("pk"))
    for one in person[1:5]:
        one.labels = {name: "0" if name.startswith("AU") else value for name, value in one.labels.items()}
        one.save()
    assert neutrals_choose(collection=faces) == 10
    flat = faces_aligned(faces, person).reshape(len(person), -1).astype(np.float64)
    rows = [row for row, one in enumerate(person) if units_present(one.labels) == frozenset()]
    sums = {row: sum(np.linalg.norm(flat[row] - flat[other]) for other in rows) for row in rows}
    expected = person[min(sums, key=sums.get)]
    assert set(faces.stimuli.filter(subject="p001").values_list("neutral", flat=True)) == {expected.pk}
    assert neutrals_choose(collection=faces) == 0


def test_the_subset_has_one_stimulus_for_each_person_and_set_of_action_units(faces):
    chosen = Stimulus.objects.filter(pk__in=subset_rows(collection=faces).tolist())
    sets = Counter((one.subject, units_present(one.labels)) for one in chosen)
    assert set(sets.values()) == {1}
    assert len(sets) <= len({(one.subject, units_present(one.labels)) for one in faces.stimuli.all()})


def test_a_round_of_the_subset_asks_only_about_it(faces, alice):
    campaign = small_campaign(owner=alice, collection=faces)
    # A person's four degrees of an expression share their action units: only one of each is asked about.
    for one in faces.stimuli.all():
        one.labels = {**one.labels, "AU1": "1" if one.labels["level"] != "0" else "0"}
        one.save()
    rows = set(subset_rows(collection=faces).tolist())
    round = round_propose_balanced(campaign=campaign, subset=True)
    asked = {key for triplet in round.questions.values_list("reference", "a", "b") for key in triplet}
    assert asked <= rows
    assert round.origin["subset"] is True


def test_stimuli_without_action_units_have_no_subset(collection):
    with pytest.raises(AnnotationError, match="action units"):
        subset_rows(collection=collection)


def test_labelled_poses_are_turned_back(faces):
    stimuli = list(faces.stimuli.order_by("pk")[:4])
    before = faces_aligned(faces, stimuli)
    for one in stimuli:
        one.labels = {**one.labels, "yaw": "20", "pitch": "", "roll": "-5"}
    turned = faces_aligned(faces, stimuli)
    assert np.abs(turned - before).max() > 0.1
    for one in stimuli:
        one.labels = {**one.labels, "yaw": "left"}
    with pytest.raises(AnnotationError, match=r'Face 0, label "yaw": \'left\' is not an angle'):
        faces_aligned(faces, stimuli)


def test_artificial_triplets_keep_to_the_papers_rules(faces, alice):
    campaign = small_campaign(owner=alice, collection=faces)
    counts = {Split.TRAIN: 400, Split.VALIDATION: 60, Split.TEST: 60}
    dataset = dataset_from_labels(
        campaign=campaign, label="expression", level="level", neutral="neutral", counts=counts
    )
    frozen = dataset_load(dataset)
    assert Counter(frozen.triplet_split.tolist()) == {0: 400, 1: 60, 2: 60}
    kinds, degrees = frozen.labels["expression"], frozen.labels["level"].astype(int)

    def rank(anchor, other):
        if kinds[anchor] == kinds[other]:
            return (0, abs(degrees[anchor] - degrees[other]))
        return (1, 0) if kinds[other] == "neutral" else (2, 0)

    assert all(rank(anchor, nearer) < rank(anchor, farther) for anchor, nearer, farther in frozen.triplets.tolist())
    assert set(frozen.triplets.ravel().tolist()) == set(range(len(frozen.stimuli)))


def test_a_missing_degree_is_named(collection, alice):
    campaign = small_campaign(owner=alice, collection=collection)
    with pytest.raises(AnnotationError, match=r'p00-neutral.* no whole number as "level"'):
        dataset_from_labels(campaign=campaign, label="expression", level="level", neutral="neutral")


def test_a_label_that_only_begins_like_an_action_unit_is_none():
    assert units_present({"author": "Ann", "AUDIO": "loud"}) is None
    assert units_present({"author": "Ann", "AU1": "0", "au12": "0.4"}) == {"au12"}
    with pytest.raises(AnnotationError, match="AU1 says 'much', which is no number"):
        units_present({"AU1": "much"})
