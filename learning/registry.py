"""Names of embeddings and selectors -> dotted paths, resolved on first use.

Web processes list and label the keys, and validate settings, without ever importing torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, TypeVar

from learning.embedding.configs import CONFIGS as VAE_CONFIGS
from learning.embedding.metric_configs import CNNConfig, DGMSConfig, SGMConfig, TripletNetConfig
from learning.training.config import JsonConfig

T = TypeVar("T")

EMBEDDINGS: dict[str, str] = {
    "identity": "learning.embedding.baselines.Identity",
    "pca": "learning.embedding.baselines.PCA",
    "vae": "learning.embedding.vae.VAE",
    "neutral-vae": "learning.embedding.neutral_vae.NeutralVAE",
    "triplet-vae": "learning.embedding.triplet_vae.TripletVAE",
    "cnn": "learning.embedding.metric.CNN",
    "triplet-net": "learning.embedding.metric.TripletNet",
    "sgm": "learning.embedding.metric.SGM",
    "dgms": "learning.embedding.metric.DGMS",
}

CONFIGS: dict[str, type[JsonConfig]] = {
    **VAE_CONFIGS,
    "cnn": CNNConfig,
    "triplet-net": TripletNetConfig,
    "sgm": SGMConfig,
    "dgms": DGMSConfig,
}

SELECTORS: dict[str, str] = {
    "random": "learning.selection.random.RandomSelector",
    "uncertainty": "learning.selection.uncertainty.UncertaintySelector",
}

LABELS: dict[str, str] = {
    "identity": "Features as they are",
    "pca": "Principal components (PCA)",
    "vae": "Variational autoencoder (VAE)",
    "neutral-vae": "M1: VAE with neutral faces",
    "triplet-vae": "M2: triplet-prior VAE",
    "cnn": "Classifier (cross-entropy)",
    "triplet-net": "Triplet network",
    "sgm": "SGM: structured Gaussian manifold",
    "dgms": "DGMS: Gaussian mixture sub-spaces",
    "random": "Random triplets",
    "uncertainty": "Most uncertain triplets",
}

# The rows of paper 000's tables; a comparison names those that were not trained, too.
PAPER_000 = ("identity", "pca", "vae", "neutral-vae", "triplet-vae")

# The first column of the papers' tables.
SHORT_LABELS: dict[str, str] = {
    "identity": "None",
    "pca": "PCA",
    "vae": "VAE",
    "neutral-vae": "M1",
    "triplet-vae": "M2",
    "cnn": "CNN",
    "triplet-net": "Triplet",
    "sgm": "SGM",
    "dgms": "DGMS",
}


def resolve(registry: Mapping[str, str], name: str) -> Any:
    """Imports what a registry's name stands for.

    Args:
        registry: EMBEDDINGS or SELECTORS.
        name: a key of it.

    Returns:
        The class.

    Raises:
        ValueError: the registry has no such name.
    """
    module, _, attribute = _entry(registry, name).rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def config_from_json(name: str, values: Mapping[str, Any]) -> JsonConfig:
    """Validates an embedding's settings without importing torch.

    Args:
        name: a key of EMBEDDINGS.
        values: field -> JSON value; fields left out keep their defaults.

    Returns:
        The settings.

    Raises:
        ValueError: unknown name or field, wrong type, value out of range.
    """
    return _entry(CONFIGS, name).from_json(values)


def default_config(name: str) -> dict[str, Any]:
    """Returns the default settings of an embedding as JSON values.

    Args:
        name: a key of EMBEDDINGS.

    Raises:
        ValueError: the registry has no such name.
    """
    return _entry(CONFIGS, name)().to_json()


def _entry(registry: Mapping[str, T], name: str) -> T:
    try:
        return registry[name]
    except KeyError:
        raise ValueError(f"There is no {name!r} here; the names are {', '.join(sorted(registry))}.") from None
