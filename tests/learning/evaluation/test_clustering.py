"""Clusters against classes: scikit-learn's NMI, a loop over pairs, and groups found by EM."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import pair_confusion_matrix

from learning.evaluation import groups as groups_module
from learning.evaluation.clustering import cluster, compare
from learning.evaluation.groups import find_groups


def marked(seed=0, n=120, k=5, agree=0.7):
    rng = np.random.default_rng(seed)
    clusters = rng.integers(0, k, n)
    labels = np.where(rng.random(n) < agree, clusters, rng.integers(0, k, n)).astype(np.str_)
    return clusters, labels


@pytest.mark.parametrize("agree", [0.0, 0.5, 1.0])
def test_nmi_and_f1_equal_scikit_learn_and_a_loop_over_pairs(agree):
    clusters, labels = marked(agree=agree)
    nmi, f1 = compare(clusters, labels)
    assert nmi.value == pytest.approx(normalized_mutual_info_score(labels, clusters), abs=1e-9)
    right = wrong = missed = 0
    for i, j in combinations(range(len(labels)), 2):
        same_cluster, same_class = clusters[i] == clusters[j], labels[i] == labels[j]
        right += same_cluster and same_class
        wrong += same_cluster and not same_class
        missed += same_class and not same_cluster
    precision, recall = right / (right + wrong), right / (right + missed)
    assert f1.value == pytest.approx(2 * precision * recall / (precision + recall))
    pairs = pair_confusion_matrix(labels, clusters)
    assert f1.value == pytest.approx(2 * pairs[1, 1] / (2 * pairs[1, 1] + pairs[0, 1] + pairs[1, 0]))


def test_names_of_clusters_do_not_matter_and_one_cluster_tells_nothing():
    clusters, labels = marked()
    assert compare((clusters + 7) * 3 % 40, labels) != compare(clusters * 0, labels)
    assert compare(clusters + 10, labels) == compare(clusters, labels)
    assert compare(clusters * 0, labels)[0].value == pytest.approx(0, abs=1e-12)
    assert compare(clusters, np.array([str(c) for c in clusters]))[0].value == pytest.approx(1)
    single = np.zeros(6, dtype=np.int64)
    assert compare(single, single.astype(np.str_))[0].value == normalized_mutual_info_score(single, single) == 1


def test_the_interval_lies_about_the_figure():
    clusters, labels = marked(n=60)
    for figure in compare(clusters, labels, np.arange(60) // 3):
        assert figure.low < figure.value < figure.high
    # Resamples of so few rows lie well above the figure; the interval does not.
    nmi = compare(clusters[:30], labels[:30])[0]
    assert (nmi.low + nmi.high) / 2 == pytest.approx(nmi.value, abs=0.015)


def test_blobs_are_clustered_as_by_scikit_learn():
    rng = np.random.default_rng(0)
    labels = np.repeat(["a", "b", "c"], 30)
    codes = (rng.standard_normal((90, 3)) + 5 * np.eye(3)[np.arange(90) // 30]).astype(np.float32)
    found = cluster(codes, labels, seed=3)
    peer = KMeans(3, n_init=10, random_state=3).fit(codes.astype(np.float64)).labels_
    assert normalized_mutual_info_score(peer, found.clusters) == pytest.approx(1)
    assert found.nmi.value > 0.9
    assert cluster(codes, labels, n_clusters=1).nmi.value == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="90 codes, so 91 clusters"):
        cluster(codes, labels, n_clusters=91)


def lumps(seed=0, size=25, lumps=4):
    rng = np.random.default_rng(seed)
    place = np.arange(lumps * size) % lumps
    codes = rng.standard_normal((lumps * size, 3)) + 12 * np.eye(lumps, 3)[place] + 12 * (place == 3)[:, None]
    labels = np.where(rng.random(len(place)) < 0.7, place.astype(np.str_), "other")
    labels[::10] = ""
    return codes.astype(np.float32), labels, place


def test_groups_are_lumps_with_medoid_top_and_shares():
    codes, labels, place = lumps()
    groups = find_groups(codes, labels, components=4, top=6)
    assert sorted(row for group in groups for row in group.members) == list(range(100))
    for group in groups:
        assert len(set(place[group.members])) == 1
        members = list(group.members)
        mean = sum(codes[row].astype(float) for row in members) / len(members)
        assert group.medoid == min(members, key=lambda row: np.linalg.norm(codes[row] - mean))
        medoid = codes[group.medoid].astype(float)
        others = sorted(
            (row for row in members if row != group.medoid), key=lambda row: np.linalg.norm(codes[row] - medoid)
        )
        assert list(group.top) == others[:6]
        known = [labels[row] for row in members if labels[row] != ""]
        assert group.shares == pytest.approx({name: known.count(name) / len(known) for name in set(known)})
        assert list(group.shares.values()) == sorted(group.shares.values(), reverse=True)


def test_groups_do_not_depend_on_the_units_and_repeat_by_seed():
    codes, labels, _ = lumps()
    first = find_groups(codes, labels, components=7, seed=2)
    for factor in (1.0, 1e-4):
        again = find_groups((codes * factor).astype(np.float32), labels, components=7, seed=2)
        assert [list(group.members) for group in again] == [list(group.members) for group in first]
    assert [len(group.members) for group in first] == sorted((len(g.members) for g in first), reverse=True)


def test_few_codes_and_many_codes(monkeypatch):
    codes, labels, place = lumps()
    assert sum(len(group.members) for group in find_groups(codes[:3], components=40)) == 3
    (alone,) = find_groups(codes[:1])
    assert (alone.medoid, len(alone.top), alone.shares) == (0, 0, {})
    monkeypatch.setattr(groups_module, "FIT_ROWS", 60)
    groups = find_groups(codes, labels, components=4)
    assert sum(len(group.members) for group in groups) == 100
    assert all(len(set(place[group.members])) == 1 for group in groups)
    with pytest.raises(ValueError, match=r"shape \(N, D\), not \(0, 3\)"):
        find_groups(codes[:0])
