"""The rows "None" and "PCA" of the tables."""

import dataclasses

import numpy as np
import pytest

from learning.embedding.baselines import PCA, Identity
from learning.embedding.configs import IdentityConfig, PCAConfig
from tests.learning.training.world import tiny_data


def test_the_identity_gives_the_features_back():
    data = tiny_data()
    codes = Identity.from_config(IdentityConfig(), data.n_features).embed(data.features, data.neutral)
    assert np.array_equal(codes.mean, data.features)
    assert codes.log_variance is None


def test_pca_equals_scikit_learns_on_the_training_rows_up_to_signs():
    from sklearn.decomposition import PCA as Reference

    data = tiny_data()
    pca = PCA.from_config(PCAConfig(latent=3), data.n_features)
    pca.fit(data)
    reference = Reference(3).fit(data.features[data.split == 0].astype(np.float64))
    codes = pca.embed(data.features, data.neutral).mean
    assert np.abs(codes) == pytest.approx(np.abs(reference.transform(data.features)), abs=1e-4)
    assert (pca.components.max(axis=1) == np.abs(pca.components).max(axis=1)).all(), "the largest entry is positive"


def test_pca_reads_only_training_rows():
    data = tiny_data()
    features = data.features.copy()
    features[data.split > 0] *= 100
    fits = []
    for world in (data, dataclasses.replace(data, features=features)):
        pca = PCA.from_config(PCAConfig(latent=3), 6)
        pca.fit(world)
        fits.append(pca.components)
    assert np.array_equal(*fits)


def test_more_components_than_features_or_rows_are_refused():
    with pytest.raises(ValueError, match="6 features, too few for 7 principal components"):
        PCA.from_config(PCAConfig(latent=7), 6)
    data = tiny_data()
    few = dataclasses.replace(
        data, split=np.where(np.arange(40) < 3, 0, 2).astype(np.int8), triplets=data.triplets.of_split(2)
    )
    with pytest.raises(ValueError, match="3 training stimuli are too few for 3"):
        PCA.from_config(PCAConfig(latent=3), 6).fit(few)
