"""Shapes that turn, in a real Chromium: turned together by mouse, finger and call, and not taken for a click."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from annotation.formats.stimuli.meshes import unpack
from tests.browser.solids.hands import ball, changed, cube, drag, look, show, tap, touch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("place", ["#reference canvas", "#left canvas", "#right canvas"])
def test_a_drag_on_any_frame_turns_all_and_is_no_click(opened, place: str):
    page = opened()
    before = show(page)
    drag(page, place, 70, 25)
    assert changed(before, look(page)) == [True] * 3
    assert page.evaluate("() => clicks") == []


def test_a_tap_clicks_the_button_and_turns_nothing(opened):
    page = opened()
    before = show(page)
    page.locator("#left canvas").click()
    drag(page, "#right canvas", 2, 1)  # a hand is never quite still
    assert page.evaluate("() => clicks") == ["left", "right"]
    assert changed(before, look(page)) == [False] * 3


def test_after_a_drag_keys_and_the_next_click_count(opened):
    page = opened()
    show(page)
    page.locator("#left").focus()
    drag(page, "#left canvas", 60, 0)
    page.keyboard.press("Enter")
    drag(page, "#left canvas", 60, 0)
    page.locator("#right canvas").click()
    assert page.evaluate("() => clicks") == ["left", "right"]


def test_a_drag_that_ends_outside_the_frame_is_no_click_either(opened):
    page = opened()
    before = show(page)
    drag(page, "#left canvas", 40, 320)
    assert changed(before, look(page)) == [True] * 3
    drag(page, "#left canvas", 280, 0)  # let go over the other button
    assert page.evaluate("() => clicks") == []


def test_a_finger_turns_all_without_scrolling_and_a_tap_clicks(opened):
    page = opened(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    before = show(page)
    page.evaluate("() => { document.body.style.paddingBottom = '3000px'; }")
    touch(page, "#left canvas", 50, -60)
    assert changed(before, look(page)) == [True] * 3
    assert page.evaluate("() => [clicks, scrollY]") == [[], 0]
    tap(page, "#right canvas")
    assert page.evaluate("() => clicks") == ["right"]


def test_a_key_right_after_a_finger_turned_counts(opened):
    """A finger's drag ends without a click of its own: the next one is meant."""
    page = opened(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    show(page)
    touch(page, "#left canvas", 50, 10)
    page.evaluate("() => document.querySelector('#left').click()")
    assert page.evaluate("() => clicks") == ["left"]


def test_it_rests_when_nothing_changes(opened):
    page = opened()
    show(page)
    page.wait_for_timeout(100)
    before = page.evaluate("() => drawn.count")
    page.wait_for_timeout(300)
    assert page.evaluate("() => drawn.count") == before
    page.evaluate("() => { for (let turn = 0; turn < 50; turn += 1) table.turn(0.01, 0.01); }")
    look(page)
    assert page.evaluate("() => drawn.count") == before + 3


def test_reset_leads_back_to_where_all_began_and_a_new_question_starts_there(opened):
    page = opened()
    start = show(page)
    page.evaluate("() => table.turn(1, 0.4)")
    assert changed(start, look(page)) == [True] * 3
    page.evaluate("() => table.reset()")
    page.wait_for_timeout(600)
    assert changed(start, look(page)) == [False] * 3
    page.evaluate("() => table.turn(1, 0.4)")
    assert changed(start, show(page)) == [False] * 3


def test_with_reduced_motion_reset_is_one_step(opened):
    page = opened(reduced_motion="reduce")
    start = show(page)
    page.evaluate("() => table.turn(1, 0.4)")
    look(page)
    before = page.evaluate("() => drawn.count")
    page.evaluate("() => table.reset()")
    assert changed(start, look(page)) == [False] * 3
    assert page.evaluate("() => drawn.count") == before + 3


def test_a_full_turn_comes_back_to_the_start(opened):
    page = opened()
    start = show(page)
    page.evaluate("() => { for (let step = 0; step < 8; step += 1) table.turn(Math.PI / 4, 0); }")
    again = look(page)
    for one, other in zip(start, again, strict=True):
        assert one["covered"] == pytest.approx(other["covered"], abs=0.002)


@pytest.fixture
def meshes(alice: Any, tmp_path: Path) -> list[str]:
    """Addresses of two meshes and a cloud of points that the product imported, as the site itself gives them out."""
    from annotation.services.collections import collection_get, stimuli_import
    from annotation.views.bundle import stimulus_json

    for name, content in (("a", ball()), ("b", cube())):
        vertices, triangles = unpack(content)
        lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in vertices.tolist()]
        lines += [f"f {a} {b} {c}" for a, b, c in (triangles + 1).tolist()]
        (tmp_path / f"{name}.obj").write_text("\n".join(lines))
    shown = []
    for name, kind in (("a", "mesh"), ("b", "mesh"), ("a", "points")):
        collection = collection_get(owner=alice, name=f"{name} {kind}")
        (tmp_path / "one.csv").write_text(f"id,features,kind\n{name},{name}.obj,{kind}\n")
        stimuli_import(collection=collection, path=tmp_path / "one.csv")
        shown.append(stimulus_json(collection.stimuli.get()))
    assert {one["kind"] for one in shown} == {"shape"}
    return [one["shape"] for one in shown]


def test_what_the_product_imported_is_what_turns(opened, meshes, alice):
    page = opened(user=alice)
    before = show(page, meshes)
    assert [0.05 < one["covered"] < 0.95 for one in before] == [True] * 3
    drag(page, "#right canvas", -60, 20)
    assert changed(before, look(page)) == [True] * 3
