"""The watch over browser windows: what it is there to see, it sees; a blind watch would look like health."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Error

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("deed", "sign"),
    [
        ("console.error('something broke')", "something broke"),
        ("setTimeout(() => { throw new Error('nobody caught me') })", "not caught: nobody caught me"),
        (
            "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))",
            "script-src-elem forbids",
        ),
        ("fetch('/static/nothing.js')", "status of 404"),
        (
            "setTimeout(() => { location.href = 'http://elsewhere.invalid/' })",
            "another host: http://elsewhere.invalid/",
        ),
    ],
    ids=["console", "exception", "policy", "missing file", "other host"],
)
def test_the_watch_sees(windows: Any, deed: str, sign: str) -> None:
    page = windows.open()
    page.goto("/accounts/login/")
    page.wait_for_load_state("networkidle")
    assert windows.problems == []
    page.evaluate(f"() => {{ {deed}; }}")
    for _ in range(50):
        if any(sign in problem for problem in windows.problems):
            break
        page.wait_for_timeout(100)
    assert any(sign in problem for problem in windows.problems), windows.problems
    windows.problems.clear()


def test_no_window_reaches_another_host(windows: Any) -> None:
    page = windows.open()
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://elsewhere.invalid/")
    assert windows.problems == ["request to another host: http://elsewhere.invalid/"]
    windows.problems.clear()
