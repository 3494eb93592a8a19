"""Neighbours, kNN and retrieval, against loops and scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from learning.evaluation import neighbours
from learning.evaluation.knn import classify_by_neighbours, find, vote_shares
from learning.evaluation.neighbours import nearest
from learning.evaluation.retrieval import retrieve


def clouds(seed=0, n=90, dim=4, gap=1.5):
    rng = np.random.default_rng(seed)
    labels = rng.choice(["angry", "happy", "sad"], n)
    place = np.searchsorted(["angry", "happy", "sad"], labels)
    return (rng.standard_normal((n, dim)) + gap * np.eye(3, dim)[place]).astype(np.float32), labels


def naive_nearest(queries, references, k, itself=None):
    found = []
    for number, query in enumerate(queries):
        gaps = [(math.dist(query, one), row) for row, one in enumerate(references)]
        found.append([row for _, row in sorted(gaps) if itself is None or row != itself[number]][:k])
    return np.array(found)


def test_the_nearest_equal_a_loop_and_scikit_learn():
    z, q = clouds(0)[0], clouds(1, n=25)[0]
    assert (nearest(q, z, 7) == naive_nearest(q, z, 7)).all()
    assert (nearest(q, z, 7) == NearestNeighbors(n_neighbors=7).fit(z).kneighbors(q)[1]).all()
    everyone = np.arange(90)
    assert (nearest(z, z, 89, everyone) == naive_nearest(z, z, 89, everyone)).all()


def test_far_from_the_origin_neighbours_are_found_as_near_it():
    z = clouds()[0]
    rows = np.arange(90)
    shifted = z.astype(np.float64) + 1e6
    assert (nearest(shifted, shifted, 5, rows) == nearest(z, z, 5, rows)).all()


def test_blocks_change_nothing(monkeypatch):
    z = clouds()[0]
    rows = np.arange(90)
    whole = nearest(z, z, 6, rows)
    monkeypatch.setattr(neighbours, "_CELLS", 90 * 7)
    assert (nearest(z, z, 6, rows) == whole).all()


def test_a_copy_of_the_query_is_found_and_the_query_is_not():
    z = np.array([[0, 0], [0, 0], [0, 0], [3, 0]], dtype=np.float32)
    found = nearest(z, z, 3, np.arange(4))
    assert all(row not in found[row] for row in range(4))
    assert set(found[0]) == {1, 2, 3}
    with pytest.raises(ValueError, match="3 codes to search, so 4 nearest"):
        nearest(z, z, 4, np.arange(4))
    with pytest.raises(ValueError, match=r"shape \(4, 1\), but the codes to search \(4, 2\)"):
        nearest(z[:, :1], z, 1)


@pytest.mark.parametrize("k", [1, 4, 11])
def test_labels_found_by_neighbours_equal_scikit_learn(k):
    (z, labels), (q, _) = clouds(0), clouds(1, n=60)
    peer = KNeighborsClassifier(n_neighbors=k).fit(z, labels)
    assert (find(z, labels, q, k) == peer.predict(q)).all()
    classes, shares = vote_shares(z, labels, q, k)
    assert (classes == peer.classes_).all()
    assert np.allclose(shares, peer.predict_proba(q))


def test_neighbours_classify_codes_that_lie_apart():
    (z, labels), (q, true) = clouds(0, gap=8), clouds(1, n=60, gap=8)
    found = classify_by_neighbours(z, labels, q, true, groups=np.arange(60) // 6)
    assert found.scores.accuracy.value == found.scores.f1.value == found.areas.mean == 1
    assert (found.scores.accuracy.low, found.scores.accuracy.high) == (1, 1)
    assert find(z[:3], labels[:3], q).shape == (60,), "fewer training codes than K: all vote"
    with pytest.raises(ValueError, match="2 labels for 90 training codes"):
        find(z, labels[:2], q)


def naive_retrieval(codes, labels, k, queries):
    recall, accuracy = [], []
    for query in queries:
        others = sorted((math.dist(codes[query], codes[row]), row) for row in range(len(codes)) if row != query)
        hits = [labels[row] == labels[query] for _, row in others[:k]]
        recall.append(any(hits))
        accuracy.append(sum(hits) / k)
    return np.array(recall), np.array(accuracy)


def test_retrieval_equals_a_loop():
    z, labels = clouds()
    found = retrieve(z, labels, (1, 5, 10))
    for k in (1, 5, 10):
        recall, accuracy = naive_retrieval(z, labels, k, range(90))
        assert found.recall[k].value == pytest.approx(recall.mean())
        assert found.accuracy[k].value == pytest.approx(accuracy.mean())
    assert found.recall[1] == found.accuracy[1]
    assert found.count == 90
    values = [found.recall[k].value for k in (1, 5, 10)]
    assert values == sorted(values)


def test_some_can_query_all_and_people_are_resampled():
    z, labels = clouds()
    queries, people = np.arange(0, 90, 3), np.arange(90) // 9
    found = retrieve(z, labels, (5,), queries=queries, groups=people)
    _, accuracy = naive_retrieval(z, labels, 5, queries)
    assert found.accuracy[5].value == pytest.approx(accuracy.mean())
    rng = np.random.default_rng(5)
    by_person = [accuracy[people[queries] == person] for person in range(10)]
    drawn = [np.concatenate([by_person[one] for one in rng.choice(10, 10)]).mean() for _ in range(2000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.accuracy[5].low, found.accuracy[5].high) == (
        pytest.approx(low, abs=0.02),
        pytest.approx(high, abs=0.02),
    )
    assert retrieve(z[:4], labels[:4], (1, 3, 4)).recall.keys() == {1, 3}
    assert retrieve(z[:1], labels[:1]).count == 0
