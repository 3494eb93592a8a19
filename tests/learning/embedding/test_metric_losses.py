"""Paper 001's losses beside loops written from its equations, one number at a time."""

import math

import numpy as np
import pytest
import torch

from learning.embedding.metric_losses import (
    all_triplets_hinge,
    class_means,
    cross_entropy,
    posteriors,
    structured_gaussian,
    triplet_hinge,
)


def batch(seed=0, rows=14, size=4, classes=4, spread=1.0):
    """Codes of the classes 0, 1 and 3 of 4: class 2 is absent."""
    rng = np.random.default_rng(seed)
    z = spread * rng.standard_normal((rows, size))
    y = rng.choice([c for c in range(classes) if c != 2], rows)
    return z, y


def naive_posterior(z, y, i, j, s):
    """Eq. 1 with eq. 3: equal priors, Σ = s²I, μ the mean of the batch's codes."""
    present = sorted(set(y.tolist()))
    if j not in present:
        return 0.0
    density = {}
    for k in present:
        mean = sum(z[m] for m in range(len(z)) if y[m] == k) / sum(1 for m in range(len(z)) if y[m] == k)
        density[k] = math.exp(-sum((a - b) ** 2 for a, b in zip(z[i], mean, strict=True)) / (2 * s * s))
    return density[j] / sum(density.values())


def naive_loss(z, y, n_classes, s):
    """Eq. 4."""
    total = 0.0
    for i in range(len(z)):
        for j in range(n_classes):
            total += (naive_posterior(z, y, i, j, s) - (1.0 if y[i] == j else 0.0)) ** 2
    return total / len(z)


def naive_hinge(a, p, n, margin, kind):
    near, far = (math.sqrt(sum((x - y) ** 2 for x, y in zip(a, other, strict=True))) for other in (p, n))
    if kind == "soft":
        return math.log(1 + math.exp(near - far))
    if kind == "squared":
        near, far = near**2, far**2
    return max(0.0, near - far + margin)


@pytest.mark.parametrize("s", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_structured_gaussian_loss_equals_the_papers_equations(s, seed):
    z, y = batch(seed)
    codes, labels = torch.from_numpy(z), torch.from_numpy(y)
    expected = np.array([[naive_posterior(z, y, i, j, s) for j in range(4)] for i in range(len(z))])
    assert np.abs(posteriors(codes, labels, 4, s).numpy() - expected).max() < 1e-10
    assert structured_gaussian(codes, labels, 4, s).item() == pytest.approx(naive_loss(z, y, 4, s), abs=1e-10)
    single = structured_gaussian(codes.float(), labels, 4, s).item()
    assert single == pytest.approx(naive_loss(z, y, 4, s), abs=1e-5)


def test_single_precision_survives_codes_far_from_the_origin():
    z, y = batch(2)
    far = torch.from_numpy(z + 100.0).float()
    loss = structured_gaussian(far, torch.from_numpy(y), 4, 0.5).item()
    assert loss == pytest.approx(naive_loss(z, y, 4, 0.5), abs=1e-4)


def test_the_gradient_flows_through_the_means():
    z, y = batch(3)
    labels = torch.from_numpy(y)
    codes = torch.from_numpy(z).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: structured_gaussian(x, labels, 4, 1.0), codes)
    step = 1e-6
    moved = z.copy()
    moved[0, 0] += step
    slope = (naive_loss(moved, y, 4, 1.0) - naive_loss(z, y, 4, 1.0)) / step
    structured_gaussian(codes, labels, 4, 1.0).backward()
    assert codes.grad[0, 0].item() == pytest.approx(slope, abs=1e-5)


def test_means_are_those_of_the_classes_and_absent_classes_are_counted():
    z, y = batch(4)
    means, counts = class_means(torch.from_numpy(z), torch.from_numpy(y), 4)
    assert counts.tolist() == [(y == c).sum() for c in range(4)]
    for c in (0, 1, 3):
        assert np.allclose(means[c].numpy(), z[y == c].mean(axis=0))
    assert means[2].abs().max() == 0


def test_an_absent_class_changes_nothing():
    z, y = batch(5)
    dense = np.searchsorted(np.unique(y), y)
    with_gap = structured_gaussian(torch.from_numpy(z), torch.from_numpy(y), 4, 0.7)
    without = structured_gaussian(torch.from_numpy(z), torch.from_numpy(dense), 3, 0.7)
    assert with_gap.item() == pytest.approx(without.item(), abs=1e-12)


def test_codes_far_from_all_means_give_finite_losses_and_gradients():
    """There every density underflows; the naive quotient is 0/0."""
    z = torch.tensor([[0.0, 0.0], [1e3, 0.0], [0.0, 1e3], [-1e3, 5.0]], requires_grad=True)
    y = torch.tensor([0, 1, 0, 1])
    loss = structured_gaussian(z, y, 2, 0.5)
    loss.backward()
    assert math.isfinite(loss.item())
    assert torch.isfinite(z.grad).all()
    assert posteriors(z, y, 2, 0.5).sum(1).allclose(torch.ones(4))


def test_the_loss_is_zero_where_classes_are_far_apart_and_tight():
    z = torch.tensor([[0.0, 0.0], [0.1, 0.0], [50.0, 0.0], [50.1, 0.0]])
    assert structured_gaussian(z, torch.tensor([0, 0, 1, 1]), 2, 0.5).item() == pytest.approx(0, abs=1e-6)
    assert structured_gaussian(z, torch.tensor([0, 1, 0, 1]), 2, 0.5).item() > 0.5


def some_triplets(rows, count, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([rng.choice(rows, 3, replace=False) for _ in range(count)])


@pytest.mark.parametrize("kind", ["euclidean", "squared", "soft"])
@pytest.mark.parametrize("count", [7, 400])  # by differences, and by looking up all distances
def test_the_triplet_hinge_equals_its_formula(kind, count):
    z, _ = batch(6)
    triplets = some_triplets(len(z), count)
    weights = np.random.default_rng(1).integers(0, 6, count).astype(float)
    terms = [naive_hinge(z[a], z[p], z[n], 1.0, kind) for a, p, n in triplets]
    codes, index = torch.from_numpy(z).requires_grad_(), torch.from_numpy(triplets)
    assert triplet_hinge(codes, index, kind=kind).item() == pytest.approx(np.mean(terms), abs=1e-9)
    weighted = triplet_hinge(codes, index, torch.from_numpy(weights), kind=kind)
    assert weighted.item() == pytest.approx((weights * terms).sum() / weights.sum(), abs=1e-9)
    assert torch.autograd.gradcheck(lambda x: triplet_hinge(x, index, torch.from_numpy(weights), 0.7, kind), codes)


@pytest.mark.parametrize("count", [7, 400])
def test_weight_zero_is_absence(count):
    z, _ = batch(7)
    triplets, codes = torch.from_numpy(some_triplets(len(z), count)), torch.from_numpy(z)
    weights = torch.from_numpy(np.random.default_rng(2).integers(0, 3, count).astype(float))
    kept = weights > 0
    absent = triplet_hinge(codes, triplets[kept], weights[kept])
    assert triplet_hinge(codes, triplets, weights).item() == pytest.approx(absent.item(), abs=1e-12)
    assert triplet_hinge(codes, triplets, 0 * weights).item() == 0
    assert triplet_hinge(codes, triplets[:0]).item() == 0


@pytest.mark.parametrize("kind", ["euclidean", "squared"])
@pytest.mark.parametrize("margin", [0.3, 1.0, 20.0])
def test_the_hinge_of_all_triplets_is_the_mean_over_each_of_them(kind, margin):
    z, y = batch(8)
    every = [
        (a, p, n)
        for a in range(len(z))
        for p in range(len(z))
        for n in range(len(z))
        if a != p and y[a] == y[p] and y[a] != y[n]
    ]
    terms = [naive_hinge(z[a], z[p], z[n], margin, kind) for a, p, n in every]
    codes, labels = torch.from_numpy(z).requires_grad_(), torch.from_numpy(y)
    loss = all_triplets_hinge(codes, labels, margin, kind)
    assert loss.item() == pytest.approx(np.mean(terms), abs=1e-9)
    (gradient,) = torch.autograd.grad(loss, codes)
    (listed,) = torch.autograd.grad(triplet_hinge(codes, torch.tensor(every), None, margin, kind), codes)
    assert torch.allclose(gradient, listed, atol=1e-10)
    assert torch.autograd.gradcheck(lambda x: all_triplets_hinge(x, labels, margin, kind), codes)


def test_a_batch_that_allows_no_triplet_has_no_loss():
    z = torch.randn(4, 3, requires_grad=True)
    for labels in ([0, 0, 0, 0], [0, 1, 2, 3]):
        loss = all_triplets_hinge(z, torch.tensor(labels))
        loss.backward()
        assert loss.item() == 0
        assert torch.isfinite(z.grad).all()


@pytest.mark.parametrize("loss", ["listed", "all"])
def test_equal_codes_have_a_finite_gradient(loss):
    z = torch.zeros(6, 3, requires_grad=True)
    y = torch.tensor([0, 0, 0, 1, 1, 1])
    value = all_triplets_hinge(z, y) if loss == "all" else triplet_hinge(z, torch.tensor([[0, 1, 3], [3, 4, 0]]))
    value.backward()
    assert value.item() == pytest.approx(1)  # the margin
    assert torch.isfinite(z.grad).all()


def test_cross_entropy_equals_its_formula():
    scores, y = np.random.default_rng(9).standard_normal((5, 3)), [0, 2, 1, 1, 0]
    expected = -np.mean(
        [math.log(math.exp(row[k]) / sum(map(math.exp, row))) for row, k in zip(scores, y, strict=True)]
    )
    assert cross_entropy(torch.from_numpy(scores), torch.tensor(y)).item() == pytest.approx(expected, abs=1e-12)
