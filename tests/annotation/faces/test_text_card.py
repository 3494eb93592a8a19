"""Texts as cards: wrapped, escaped, and as large as they fit."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.faces.palette import VIEW
from annotation.faces.text_card import text_svg


def card(text: str) -> tuple[float, list[str], ElementTree.Element]:
    """Size of the letters, the lines, and the group that holds them."""
    group = next(one for one in ElementTree.fromstring(text_svg(text)).iter() if one.tag.endswith("}g"))
    return float(group.get("font-size", 0)), [one.text or "" for one in group], group


def test_a_short_text_is_large_and_a_long_one_smaller() -> None:
    short, lines, _ = card("Good morning.")
    assert lines == ["Good morning."]
    text = "It was the best of times, it was the worst of times, it was the age of wisdom. " * 2
    middle, wrapped, _ = card(text)
    assert short > middle
    assert " ".join(wrapped) == text.strip()


def test_what_does_not_fit_ends_in_an_ellipsis_and_what_fits_does_not() -> None:
    _, lines, _ = card("lorem ipsum " * 600)
    assert lines[-1].endswith("…")
    assert not card("lorem ipsum " * 10)[1][-1].endswith("…")


def test_markup_is_text() -> None:
    hostile = "</text><script>alert('x')</script> & <img src=x onerror=\"y\"> ]]>"
    svg = text_svg(hostile)
    names = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(svg).iter()}
    assert names == {"svg", "rect", "g", "text"}
    assert "".join(card(hostile)[1]).replace(" ", "") == hostile.replace(" ", "")


def test_line_breaks_stay_and_of_several_empty_lines_one() -> None:
    _, lines, group = card("one\n\n\n\ntwo\nthree")
    assert lines == ["one", "two", "three"]
    at = [float(one.get("y", 0)) for one in group]
    assert at[1] - at[0] == pytest.approx(2 * (at[2] - at[1]), abs=0.1)


def test_long_words_are_broken_and_wide_letters_wrap_anywhere() -> None:
    assert "".join(card("x" * 200)[1]) == "x" * 200
    _, lines, _ = card("吾輩は猫である。名前はまだ無い。" * 3)
    assert len(lines) > 2
    assert "".join(lines) == "吾輩は猫である。名前はまだ無い。" * 3


def test_arabic_and_hebrew_start_at_the_right() -> None:
    for text in ("مرحبا بالعالم", "«שלום»"):
        _, _, group = card(text)
        assert group.get("direction") == "rtl"
        assert float(group[0].get("x", 0)) > VIEW / 2
    assert card("Hello שלום")[2].get("direction") == "ltr"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=400))
def test_any_text_is_well_formed_and_inside_the_card(text: str) -> None:
    font, _, group = card(text)
    assert all(font / 2 < float(one.get("y", 0)) < VIEW for one in group)


def test_a_text_of_ten_thousand_characters_is_drawn_at_once() -> None:
    for text in ("a" * 10_000, "\n" * 10_000 + "a", "a\n" * 5_000, "\u0301" * 10_000):
        assert len(text_svg(text)) < 20_000
