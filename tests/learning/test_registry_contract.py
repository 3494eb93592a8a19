"""What every embedding and every selector of the registry must do, whoever adds one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from learning import registry
from learning.embedding.base import Embedding
from learning.selection.base import Posterior, Selector
from learning.training.session import embed, load_embedding
from tests.learning.training.world import NETWORKS, SHORT, VAES, tiny_data, train


@pytest.fixture(params=registry.EMBEDDINGS)
def embedding_name(request):
    return request.param


@pytest.fixture(params=registry.SELECTORS)
def selector(request):
    return registry.resolve(registry.SELECTORS, request.param)()


def test_every_name_has_a_label_and_every_embedding_a_place_in_the_tables():
    assert set(registry.LABELS) == set(registry.EMBEDDINGS) | set(registry.SELECTORS)
    assert set(registry.SHORT_LABELS) == set(registry.EMBEDDINGS)


def test_the_registry_and_its_settings_never_import_torch():
    code = (
        "import sys; from learning import registry\n"
        "for name in registry.EMBEDDINGS: registry.config_from_json(name, registry.default_config(name))\n"
        "assert 'torch' not in sys.modules, 'torch was imported'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no 'word2vec' here; the names are cnn, dgms, identity, neutral-vae, pca"):
        registry.resolve(registry.EMBEDDINGS, "word2vec")
    with pytest.raises(ValueError, match="no 'word2vec'"):
        registry.default_config("word2vec")


def test_settings_survive_the_trip_through_json(embedding_name):
    import json

    config = registry.config_from_json(embedding_name, SHORT[embedding_name])
    assert registry.config_from_json(embedding_name, json.loads(json.dumps(config.to_json()))) == config


def test_an_embedding_gives_every_stimulus_a_finite_code(embedding_name, tmp_path):
    result = train(embedding_name, tmp_path)
    data = tiny_data()
    width = data.n_features if embedding_name == "identity" else 3
    assert result.embedding.shape == (len(data), width)
    assert result.embedding.dtype == np.float32
    assert np.isfinite(result.embedding).all()
    assert (result.log_variance is not None) == (embedding_name in VAES)


def test_the_same_seed_gives_the_same_embedding_and_another_seed_another(embedding_name, tmp_path):
    first, second = (train(embedding_name, tmp_path / part).embedding for part in "ab")
    assert np.array_equal(first, second)
    if embedding_name in NETWORKS:
        assert not np.array_equal(first, train(embedding_name, tmp_path / "c", seed=1).embedding)


def test_a_loaded_embedding_equals_the_trained_one(embedding_name, tmp_path):
    result = train(embedding_name, tmp_path)
    loaded = load_embedding(embedding_name, SHORT[embedding_name], tmp_path / "best.safetensors")
    assert isinstance(loaded, Embedding)
    codes = embed(loaded, tiny_data())
    assert np.array_equal(codes.mean, result.embedding)
    if result.log_variance is not None:
        assert np.array_equal(codes.log_variance, result.log_variance)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_loss_falls_and_the_validation_score_rises(name, tmp_path):
    changes = {"annealing": "none"} if name in VAES else {"learning_rate": 1e-3}
    result = train(name, tmp_path, iterations=400, evaluate_every=100, **changes)
    history = result.history
    assert [row["iteration"] for row in history] == [100, 200, 300, 400]
    assert history[-1]["losses"]["loss"] < 0.8 * history[0]["losses"]["loss"]
    (score,) = {"elbo", "accuracy", "satisfied"} & history[0]["validation"].keys()
    scores = [row["validation"][score] for row in history]
    assert result.best_value == max(scores)
    assert result.best_value > scores[0] or result.best_value == 1


@pytest.mark.parametrize("name", NETWORKS)
def test_training_leaves_torchs_global_generator_alone(name, tmp_path):
    import torch

    torch.manual_seed(5)
    before = torch.get_rng_state()
    train(name, tmp_path, iterations=4)
    assert torch.equal(torch.get_rng_state(), before)


POOL = np.array([(r, a, b) for r in range(7) for a in range(7) for b in range(a + 1, 7) if r not in (a, b)])


def posterior(seed=0, variance=True):
    rng = np.random.default_rng(seed)
    mean = rng.standard_normal((7, 2)).astype(np.float32)
    return Posterior(mean, np.full_like(mean, -2.0) if variance else None)


@pytest.mark.parametrize("variance", [True, False])
def test_a_selector_never_repeats_a_question_and_respects_the_count(selector, variance):
    assert isinstance(selector, Selector)
    doubled = np.concatenate([POOL, POOL[:, [0, 2, 1]]])  # every question twice, once with a and b swapped
    for count in (0, 1, 20, len(POOL), len(POOL) + 50):
        result = selector.select(doubled, posterior(variance=variance), count, seed=3)
        chosen = doubled[result.indices]
        questions = {(r, *sorted((a, b))) for r, a, b in chosen.tolist()}
        assert len(questions) == len(result.indices) == len(result.scores) == min(count, len(POOL))
        assert all(len(values) == len(result.indices) for values in result.parts.values())
        assert (np.diff(result.scores) <= 0).all()


def test_a_selector_is_seeded(selector):
    first, again, other = (selector.select(POOL, posterior(), 15, seed).indices for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_selector_takes_an_empty_pool_and_refuses_a_wrong_one(selector):
    assert len(selector.select(np.empty((0, 3), dtype=np.int64), posterior(), 5, 0).indices) == 0
    with pytest.raises(ValueError, match=r"shape \(C, 3\)"):
        selector.select(np.zeros((4, 2), dtype=np.int64), posterior(), 5, 0)
    with pytest.raises(ValueError, match="must not be negative"):
        selector.select(POOL, posterior(), -1, 0)
