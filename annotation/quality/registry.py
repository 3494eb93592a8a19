"""Aggregators: name -> dotted path, resolved on first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from annotation.quality.aggregate import Aggregate
from annotation.quality.votes import VoteTable

AGGREGATORS = {
    "margin": "annotation.quality.margin.MarginAggregator",
}


class Aggregator(Protocol):
    """Votes in, one answer and one weight a question out. The class works with its defaults."""

    def fit(self, votes: VoteTable) -> Aggregate:
        """Aggregate all questions.

        Args:
            votes: V votes on Q questions.
        """
        ...


def load_aggregator(name: str) -> Callable[..., Aggregator]:
    """The class of that name, to be called with its settings.

    Raises:
        KeyError: If there is none.
    """
    module, _, attribute = AGGREGATORS[name].rpartition(".")
    return cast(Callable[..., Aggregator], getattr(import_module(module), attribute))
