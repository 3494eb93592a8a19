"""Names of designs and where they live. A design is resolved on first use, from this table and from nothing else."""

from collections.abc import Callable
from importlib import import_module

from annotation.sampling.errors import DesignImpossible
from annotation.sampling.keys import Triplets

DESIGNS: dict[str, str] = {
    "balanced": "annotation.sampling.balanced.balanced_triplets",
}


def design(name: str) -> Callable[..., Triplets]:
    """Return the design called ``name``: ``design(n, k, *, seed, avoid=None) -> (T, 3)``.

    Raises:
        DesignImpossible: there is no such design.
    """
    if name not in DESIGNS:
        raise DesignImpossible(f"There is no design '{name}'; known: {', '.join(sorted(DESIGNS))}.")
    module, _, function = DESIGNS[name].rpartition(".")
    found: Callable[..., Triplets] = vars(import_module(module))[function]
    return found
