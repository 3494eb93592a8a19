"""A page with three frames, served beside the site's own modules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.browser.solids.hands import ball, cloud, cube

HERE = Path(__file__).parent
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
# The site's own policy: what the modules do must be allowed by it.
POLICY = "default-src 'self'; img-src 'self' data: blob:"
DESK = {"viewport": {"width": 900, "height": 420}}


@pytest.fixture
def shapes() -> dict[str, bytes]:
    """What lies under /solids/; a test may add to it."""
    return {"ball": ball(), "cloud": cloud(), "cube": cube()}


@pytest.fixture
def opened(windows: Any, shapes: dict[str, bytes]) -> Callable[..., Page]:
    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/solids/")[2]
        if name in shapes:
            route.fulfill(body=shapes[name], content_type="application/octet-stream")
        elif (HERE / name).is_file():
            headers = {"Content-Security-Policy": POLICY}
            route.fulfill(path=HERE / name, content_type=TYPES[Path(name).suffix], headers=headers)
        else:
            route.fulfill(status=404)

    def run(script: str = "", user: Any = None, **options: Any) -> Page:
        page = windows.open(user, **{**DESK, **options})
        if script:
            page.add_init_script(script)
        page.route("**/solids/*", serve)
        page.goto("/solids/page.html")
        page.wait_for_function("() => window.table")
        return page

    return run
