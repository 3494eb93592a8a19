"""The layouts of the papers' tables, with the numbers that the papers print.

Paper 000: Tables II and III. Paper 001: Tables 1 and 2. Table 1 does not name its measure; by its size it is NMI in per
cent. Figures are shares in [0, 1], as reports hold them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from learning.evaluation.tables import Column, Layout

Key = TypeVar("Key")

_DIM = Column("dim", "Dim", decimals=0, marked=False)
_TRIPLETS = "triplets/test/satisfied"

POSED = Layout(
    heads=("Dimensionality reduction",),
    columns=(_DIM, Column("accuracy", "Accuracy"), Column(_TRIPLETS, "Triplets")),
    caption="Results for static posed dataset (paper 000, Table II)",
)


def spontaneous(margins: Sequence[int] = (5, 3, 1)) -> Layout:
    """Paper 000's Table III: triplets by vote margin."""
    columns = (Column(f"triplets/test/by_margin/{margin}/satisfied", str(margin), "Triplets") for margin in margins)
    return Layout(
        heads=("Dimensionality reduction",),
        columns=(_DIM, Column("accuracy", "Accuracy"), *columns),
        caption="Results for spontaneous data set (paper 000, Table III)",
    )


def clustering_table(data_sets: Sequence[str]) -> Layout:
    """Paper 001's Table 1: NMI in per cent for each data set.

    The values of a row are named by data set: "FER+/metrics/nmi". ``row_of_reports`` reads them from one mapping a
    seed, data set -> report.
    """
    return Layout(
        heads=("Method", "Arch."),
        columns=tuple(Column(f"{name}/metrics/nmi", name, scale=100) for name in data_sets),
        caption="Clustering, NMI in % (paper 001, Table 1)",
    )


CLASSIFICATION = Layout(
    heads=("Method", "Arch."),
    columns=tuple(
        Column(f"metrics/knn/{name}", title, scale=100)
        for name, title in (("accuracy", "Acc."), ("precision", "Prec."), ("recall", "Rec."), ("f1", "F1"))
    ),
    caption="Classification by 11 nearest neighbours, % (paper 001, Table 2)",
)


def retrieval_table(ks: Sequence[int] = (1, 5, 10, 20)) -> Layout:
    """Paper 001's figure 3 as a table: Recall@K and Acc@K in per cent."""
    parts = (("recall", "Recall@"), ("acc", "Acc@"))
    columns = (Column(f"metrics/{key}@{k}", f"K = {k}", f"{span}K", 1, 100) for key, span in parts for k in ks)
    return Layout(("Method", "Arch."), tuple(columns), "Retrieval, % (paper 001, figure 3)")


def posed_numbers() -> dict[str, dict[str, float]]:
    """Paper 000's Table II: model -> path -> figure."""
    printed = {
        "identity": (249, 0.720, 0.593),
        "pca": (30, 0.676, 0.592),
        "vae": (30, 0.640, 0.592),
        "neutral-vae": (30, 0.720, 0.670),
        "triplet-vae": (30, 0.736, 0.798),
    }
    return _named(POSED, printed)


def spontaneous_numbers() -> dict[str, dict[str, float]]:
    """Paper 000's Table III: model -> path -> figure."""
    printed = {
        "identity": (249, 0.842, 0.747, 0.615, 0.549),
        "pca": (30, 0.824, 0.743, 0.608, 0.549),
        "vae": (30, 0.838, 0.706, 0.593, 0.494),
        "neutral-vae": (30, 0.853, 0.629, 0.575, 0.512),
        "triplet-vae": (30, 0.835, 0.830, 0.701, 0.559),
    }
    return _named(spontaneous(), printed)


CLUSTERING_SETS = ("FER+", "AffectNet", "JAFFE", "CK+", "BU-3DFE")


def clustering_numbers() -> dict[tuple[str, str], dict[str, float]]:
    """Paper 001's Table 1: (method, net) -> path -> figure."""
    printed = {
        ("TripletLoss", "FMPNet"): (55.257, 10.627, 19.528, 71.129, 34.901),
        ("TripletLoss", "CVGG13"): (67.384, 9.103, 28.295, 68.303, 27.275),
        ("TripletLoss", "AlexNet"): (67.035, 12.945, 30.241, 68.800, 27.039),
        ("TripletLoss", "ResNet18"): (64.457, 15.588, 31.046, 74.028, 36.708),
        ("TripletLoss", "PreActResNet18"): (57.904, 8.452, 20.699, 70.079, 27.580),
        ("SGMLoss", "FMPNet"): (57.880, 10.469, 26.196, 77.839, 36.559),
        ("SGMLoss", "CVGG13"): (65.139, 10.355, 24.293, 66.062, 27.233),
        ("SGMLoss", "AlexNet"): (62.091, 10.582, 24.560, 65.230, 28.115),
        ("SGMLoss", "ResNet18"): (68.840, 12.333, 30.382, 77.902, 37.545),
        ("SGMLoss", "PreActResNet18"): (51.425, 6.886, 23.216, 61.413, 26.104),
    }
    return _named(clustering_table(CLUSTERING_SETS), printed)


def classification_numbers() -> dict[tuple[str, str], dict[str, float]]:
    """Paper 001's Table 2, on FER+: (method, net) -> path -> figure."""
    printed = {
        ("CNN", "FMPNet"): (79.535, 66.697, 68.582, 67.627),
        ("CNN", "CVGG13"): (84.316, 75.151, 67.425, 71.079),
        ("CNN", "AlexNet"): (86.038, 77.658, 68.657, 72.881),
        ("CNN", "ResNet18"): (87.695, 85.956, 69.659, 76.954),
        ("CNN", "PreActResNet18"): (82.372, 76.915, 65.238, 70.597),
        ("TripletLoss", "FMPNet"): (82.563, 79.554, 62.406, 69.944),
        ("TripletLoss", "CVGG13"): (85.974, 82.034, 68.112, 74.428),
        ("TripletLoss", "AlexNet"): (86.038, 80.598, 67.895, 73.703),
        ("TripletLoss", "ResNet18"): (87.121, 78.543, 68.378, 73.109),
        ("TripletLoss", "PreActResNet18"): (83.519, 74.081, 64.856, 69.162),
        ("SGMLoss", "FMPNet"): (83.360, 78.806, 66.520, 72.143),
        ("SGMLoss", "CVGG13"): (86.261, 86.321, 67.341, 75.659),
        ("SGMLoss", "AlexNet"): (86.643, 86.182, 67.673, 75.814),
        ("SGMLoss", "ResNet18"): (87.631, 88.614, 68.724, 77.412),
        ("SGMLoss", "PreActResNet18"): (84.316, 89.008, 66.519, 76.138),
    }
    return _named(CLASSIFICATION, printed)


def _named(layout: Layout, printed: Mapping[Key, tuple[float, ...]]) -> dict[Key, dict[str, float]]:
    """Names printed figures by the columns of their table, in the reports' units."""
    return {
        key: {column.path: figure / column.scale for column, figure in zip(layout.columns, figures, strict=True)}
        for key, figures in printed.items()
    }
