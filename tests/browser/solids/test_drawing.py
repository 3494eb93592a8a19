"""Shapes in a real Chromium: fetched, refused, drawn with a graphics card and without one."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.solids.hands import URLS, changed, cube, drag, look, show

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# three.js tells of it, as it should
LOST = "Context Lost"


def test_meshes_and_points_are_drawn_when_show_returns_and_named(opened):
    page = opened()
    seen = show(page)
    assert [0.05 < one["covered"] < 0.95 for one in seen] == [True] * 3, seen
    assert page.evaluate("() => table.lit !== null && !table.lit.lost")
    for number in (1, 2, 3):
        expect(page.get_by_role("img", name=f"Shape {number}")).to_be_visible()
    page.evaluate("() => table.clear()")
    assert page.locator("canvas").count() == 0


def test_the_drawing_follows_its_frame_and_is_never_finer_than_two_pixels_each(opened):
    page = opened(device_scale_factor=3)
    show(page)
    sizes = "() => [...document.querySelectorAll('canvas')].map((one) => [one.width, one.clientWidth])"
    assert all(width == 2 * shown for width, shown in page.evaluate(sizes))
    page.set_viewport_size({"width": 500, "height": 420})
    page.wait_for_function("() => document.querySelector('canvas').width === 300")
    assert all(0.05 < one["covered"] < 0.95 for one in look(page))


def test_a_lost_graphics_card_is_stood_in_for_until_it_is_back(opened, windows):
    windows.forgive(LOST)
    page = opened()
    lit = show(page)
    page.evaluate("() => { window.gone = table.lit.renderer.getContext().getExtension('WEBGL_lose_context'); }")
    page.evaluate("() => gone.loseContext()")
    page.wait_for_function("() => table.lit.lost")
    flat = look(page)
    assert changed(lit, flat) == [True] * 3
    for one, other in zip(lit, flat, strict=True):
        assert one["covered"] == pytest.approx(other["covered"], abs=0.05)
    drag(page, "#left canvas", 60, 10)
    assert changed(flat, look(page)) == [True] * 3
    page.evaluate("() => gone.restoreContext()")
    page.wait_for_function("() => !table.lit.lost")
    assert [0.05 < one["covered"] < 0.95 for one in show(page)] == [True] * 3
    assert changed(lit, look(page)) == [False] * 3


NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : real.call(this, kind, ...rest);
};
"""


def test_without_webgl_it_is_drawn_plainly(opened):
    page = opened(NO_WEBGL)
    before = show(page)
    assert page.evaluate("() => table.lit") is None
    assert [0.05 < one["covered"] < 0.95 for one in before] == [True] * 3
    drag(page, "#reference canvas", 50, 20)
    assert changed(before, look(page)) == [True] * 3


@pytest.mark.parametrize("script", ["", NO_WEBGL], ids=["webgl", "plain"])
def test_colours_come_from_the_style_sheet_and_follow_its_theme(opened, script: str):
    page = opened(script, color_scheme="light")
    rules = (
        ":root { --solid: rgb(200 20 20); --solid-point: rgb(200 20 20) }"
        "@media (prefers-color-scheme: dark) { :root { --solid: rgb(20 20 200); --solid-point: rgb(20 20 200) } }"
    )
    page.evaluate(
        """(rules) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(rules);
          document.adoptedStyleSheets = [sheet];
          table.lit?.recolour(); table.flat.recolour();
        }""",
        rules,
    )
    assert all(one["red"] > one["blue"] + 20 for one in show(page))
    page.emulate_media(color_scheme="dark")
    assert all(one["blue"] > one["red"] + 20 for one in look(page))


def test_it_lets_go_of_what_is_no_longer_shown(opened):
    page = opened()
    memory = "() => table.lit.renderer.info.memory.geometries"
    show(page)
    assert page.evaluate(memory) == 3
    show(page, URLS[:1])
    assert page.evaluate(memory) == 1
    page.evaluate("() => table.dispose()")
    assert page.locator("canvas").count() == 0


def hostile() -> dict[str, bytes]:
    good = cube()
    corner = bytearray(good)
    corner[-4:] = struct.pack("<I", 8)
    nowhere = bytearray(good)
    nowhere[12:16] = struct.pack("<f", float("nan"))
    return {
        "empty": b"",
        "short": good[:11],
        "cut": good[:-1],
        "long": good + b"\0",
        "magic": b"OBJ1" + good[4:],
        "none": struct.pack("<4sII", b"SMB1", 0, 0),
        "promise": struct.pack("<4sII", b"SMB1", 2**32 - 1, 2**32 - 1),
        "corner": bytes(corner),
        "nowhere": bytes(nowhere),
    }


def test_what_is_no_shape_is_refused(opened, shapes):
    shapes.update(hostile())
    page = opened()
    told = page.evaluate(
        "(names) => Promise.all(names.map((name) => solids.of(`/solids/${name}`).then(() => 'read', () => 'refused')))",
        list(hostile()),
    )
    assert told == ["refused"] * len(hostile())


def test_a_shape_is_read_around_its_middle_with_radius_one(opened):
    page = opened()
    radius, low, high, triangles = page.evaluate(
        """async () => {
          const { positions, triangles } = await solids.of("/solids/cloud");
          const at = [...positions];
          const radii = at.flatMap((_, one) => one % 3 ? [] : [Math.hypot(at[one], at[one + 1], at[one + 2])]);
          const of = (pick) => [0, 1, 2].map((axis) => pick(...at.filter((_, one) => one % 3 === axis)));
          return [Math.max(...radii), of(Math.min), of(Math.max), triangles];
        }"""
    )
    assert radius == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(low, -np.array(high), atol=1e-5)
    assert triangles is None


def test_shapes_are_fetched_once_ahead_forgotten_and_asked_for_again_after_a_failure(opened, shapes, windows):
    windows.forgive("404")
    page = opened()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.evaluate("async () => { solids.prepare(['/solids/ball', '/solids/later']); await solids.of('/solids/ball'); }")
    assert page.evaluate("() => solids.of('/solids/later').then(() => 'read', (error) => error.message)") != "read"
    assert asked.count("ball") == 1
    shapes["later"] = cube()
    assert page.evaluate("() => solids.of('/solids/later').then((one) => one.triangles.length)") == 36
    page.evaluate("async () => { solids.prepare([]); await solids.of('/solids/ball'); }")
    assert asked.count("ball") == 2
