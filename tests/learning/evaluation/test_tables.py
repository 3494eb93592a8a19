"""Comparison tables in the papers' layouts."""

import csv
import io

import pytest
from scipy import stats

from learning.evaluation import layouts
from learning.evaluation.table_text import as_csv, latex, markdown
from learning.evaluation.tables import Column, Layout, Row, build_table, half_interval, row_of_reports
from learning.registry import EMBEDDINGS


def report(accuracy, satisfied, margins=(0.9, 0.7, 0.5)):
    by_margin = {str(m): {"satisfied": s} for m, s in zip((5, 3, 1), margins, strict=True)}
    return {"dim": 30, "accuracy": accuracy, "triplets": {"test": {"satisfied": satisfied, "by_margin": by_margin}}}


def posed_table():
    paper = layouts.posed_numbers()
    rows = [
        row_of_reports(
            ("PCA",), [report(0.60, 0.59), report(0.62, 0.60), report(0.61, 0.58)], layouts.POSED, paper["pca"]
        ),
        row_of_reports(("M2",), [report(0.70, 0.81), report(0.72, 0.80), report(0.74, 0.79)], layouts.POSED),
        row_of_reports(("New",), [report(None, 0.8)], layouts.POSED),
    ]
    return build_table(layouts.POSED, rows)


def test_the_interval_is_students():
    values = [0.70, 0.72, 0.74]
    low, high = stats.t.interval(0.95, 2, loc=0.72, scale=stats.sem(values))
    assert half_interval(values) == pytest.approx((high - low) / 2)
    assert half_interval(values) == pytest.approx(4.302653 * 0.02 / 3**0.5, rel=1e-5)
    assert half_interval([0.7]) is None


def test_markdown_has_mean_interval_paper_and_best():
    assert markdown(posed_table()).splitlines() == [
        "**Results for static posed dataset (paper 000, Table II)**",
        "",
        "| Dimensionality reduction | Dim | Accuracy | Triplets |",
        "|---|--:|--:|--:|",
        "| PCA | 30 ± 0 (30) | 0.610 ± 0.025 (0.676) | 0.590 ± 0.025 (0.592) |",
        "| M2 | 30 ± 0 | **0.720** ± 0.050 | **0.800** ± 0.025 |",
        "| New | 30 | – | **0.800** |",
    ]


def test_csv_has_every_figure_unrounded():
    header, pca, _, new = csv.reader(io.StringIO(as_csv(posed_table())))
    row = dict(zip(header, pca, strict=True))
    assert float(row["Accuracy"]) == pytest.approx(0.61)
    assert float(row["Accuracy high"]) - float(row["Accuracy low"]) == pytest.approx(
        2 * half_interval([0.6, 0.62, 0.61])
    )
    assert (row["Accuracy seeds"], row["Accuracy paper"]) == ("3", "0.676")
    other = dict(zip(header, new, strict=True))
    assert (other["Accuracy"], other["Accuracy seeds"], other["Triplets low"]) == ("", "0", "")


def test_latex_spans_margins_and_escapes():
    layout = layouts.spontaneous()
    rows = [
        row_of_reports(("a_b & 50 %",), [report(0.8, 0.7)], layout),
        row_of_reports(("M2",), [report(0.9, 0.7)], layout),
    ]
    assert latex(build_table(layout, rows)).splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{Results for spontaneous data set (paper 000, Table III)}",
        r"\begin{tabular}{lrrrrr}",
        r"\hline",
        r" &  &  & \multicolumn{3}{c}{Triplets} \\",
        r"Dimensionality reduction & Dim & Accuracy & 5 & 3 & 1 \\",
        r"\hline",
        r"a\_b \& 50 \% & 30 & 0.800 & \textbf{0.900} & \textbf{0.700} & \textbf{0.500} \\",
        r"M2 & 30 & \textbf{0.900} & \textbf{0.900} & \textbf{0.700} & \textbf{0.500} \\",
        r"\hline",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_equal_first_heads_are_printed_once_in_latex():
    numbers = layouts.classification_numbers()
    rows = [Row(heads, {path: [value] for path, value in paper.items()}) for heads, paper in numbers.items()]
    lines = latex(build_table(layouts.CLASSIFICATION, rows)).splitlines()
    assert sum(line.startswith("SGMLoss") for line in lines) == 1
    assert r"SGMLoss & FMPNet & 83.360 & 78.806 & 66.520 & 72.143 \\" in lines
    assert r" & ResNet18 & 87.631 & 88.614 & 68.724 & \textbf{77.412} \\" in lines


def test_the_lower_can_be_better_and_one_row_is_no_contest():
    layout = Layout(("Model",), (Column("rmse", "RMSE", decimals=1, higher=False),))
    rows = [Row(("a",), {"rmse": [2.04]}), Row(("b",), {"rmse": [1.96]}), Row(("c",), {"rmse": [3.0]})]
    assert [cells[0].best for cells in build_table(layout, rows).cells] == [True, True, False], "2.0 as printed"
    assert not build_table(layout, rows[:1]).cells[0][0].best
    assert build_table(layout, []).cells == ()
    with pytest.raises(ValueError, match="does not fit the heads"):
        build_table(layout, [Row(("a", "b"), {})])


def test_a_pipe_in_a_name_keeps_the_markdown_whole():
    layout = Layout(("Model",), (Column("x", "p(x|z)"),))
    text = markdown(build_table(layout, [Row(("a|b",), {"x": [1]})]))
    assert text.splitlines()[0] == r"| Model | p(x\|z) |"
    assert r"| a\|b | 1.000 |" in text


def test_a_row_over_data_sets_reads_one_report_of_each():
    layout = layouts.clustering_table(("CK+", "JAFFE"))
    seeds = [{"CK+": {"metrics": {"nmi": {"value": 0.7, "low": 0.6, "high": 0.8}}}}, {"CK+": {"metrics": {}}}]
    row = row_of_reports(("SGMLoss", "ResNet18"), seeds, layout)
    assert row.values == {"CK+/metrics/nmi": [0.7], "JAFFE/metrics/nmi": []}
    assert build_table(layout, [row]).cells[0][0].mean == pytest.approx(70)


def test_the_papers_numbers_are_complete():
    assert set(layouts.posed_numbers()) == set(layouts.spontaneous_numbers())
    assert set(layouts.posed_numbers()) <= set(EMBEDDINGS)
    assert layouts.posed_numbers()["triplet-vae"]["triplets/test/satisfied"] == 0.798
    assert layouts.spontaneous_numbers()["triplet-vae"]["triplets/test/by_margin/5/satisfied"] == 0.830
    assert layouts.clustering_numbers()["SGMLoss", "ResNet18"]["FER+/metrics/nmi"] == pytest.approx(0.6884)
    for figures in layouts.classification_numbers().values():
        p, r = figures["metrics/knn/precision"], figures["metrics/knn/recall"]
        assert figures["metrics/knn/f1"] == pytest.approx(2 * p * r / (p + r), abs=2e-5), "harmonic of the macros"
    assert [column.span for column in layouts.retrieval_table((1, 5)).columns] == ["Recall@K"] * 2 + ["Acc@K"] * 2
