"""Shapes for the tests, and what a hand does with them."""

from __future__ import annotations

import contextlib

import numpy as np
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from annotation.formats.stimuli.meshes import pack

URLS = ["/solids/ball", "/solids/cloud", "/solids/cube"]


def ball() -> bytes:
    """A dented ball: from no two sides does it look the same."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 49), np.linspace(0.02, np.pi - 0.02, 25))
    radius = 1 + 0.25 * np.sin(3 * u) * np.sin(v) + 0.3 * np.cos(v)
    places = np.stack([radius * np.cos(u) * np.sin(v), radius * np.cos(v), radius * np.sin(u) * np.sin(v)], axis=-1)
    corner = (np.arange(24)[:, None] * 49 + np.arange(48)).reshape(-1)
    triangles = [np.stack([corner, corner + 1, corner + 49], 1), np.stack([corner + 1, corner + 50, corner + 49], 1)]
    return pack(places.reshape(-1, 3).astype(np.float32), np.concatenate(triangles).astype(np.uint32))


def cloud() -> bytes:
    points = np.random.default_rng(3).normal(size=(400, 3)) * [1, 2, 0.6]
    return pack((points + 40).astype(np.float32), None)


def cube() -> bytes:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float32)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return pack(corners, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], dtype=np.uint32))


def show(page: Page, urls: list[str] = URLS) -> list[dict[str, float]]:
    return page.evaluate("(urls) => show(urls)", urls)


def look(page: Page) -> list[dict[str, float]]:
    """What is in the canvases once the page has drawn what it was asked to draw."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate("() => look()")


def drag(page: Page, place: str, dx: float, dy: float) -> None:
    box = page.locator(place).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def changed(before: list[dict[str, float]], after: list[dict[str, float]]) -> list[bool]:
    return [one["sum"] != other["sum"] for one, other in zip(before, after, strict=True)]


def touch(page: Page, place: str, dx: float, dy: float) -> None:
    """A finger, as the browser itself sees it: Playwright's own touch screen only taps."""
    box = page.locator(place).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]})

    send("touchStart", (x, y))
    for part in range(1, 6):
        send("touchMove", (x + dx * part / 5, y + dy * part / 5))
    send("touchEnd")


def tap(page: Page, place: str) -> None:
    """A tap until it is a click: on a machine that is busy for half a second Chromium takes one for a long press."""
    for _ in range(4):
        page.locator(place).tap()
        with contextlib.suppress(PlaywrightTimeout):
            page.wait_for_function("() => clicks.length > 0", timeout=4000)
            return
    raise AssertionError(f"Four taps on {place} were no click.")
