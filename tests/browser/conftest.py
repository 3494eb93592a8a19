"""A real Chromium before a real server. Whatever a page does that it should not fails the test that opened it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.requirements import need_chromium

_ARGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # No name but this machine's own is ever looked up, so a page that asks for another host cannot reach it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
]
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`Content-Security-Policy: ${event.violatedDirective} forbids ${event.blockedURI || "inline code"}`));
"""


# Of a module and not of the session: while Playwright is at work an event loop runs in this thread, and Django would
# refuse the database to every other test that comes after it.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = need_chromium()
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=_ARGS)
        yield browser
        browser.close()


class Windows:
    """Browser windows, each with cookies of its own, all watched."""

    def __init__(self, chromium: Browser, address: str) -> None:
        self._chromium = chromium
        self._address = address
        self._contexts: list[Any] = []
        self._forgiven: list[str] = []
        self.problems: list[str] = []

    def open(self, user: Any = None, **options: Any) -> Page:
        """A new window, signed in as `user` without the detour over the sign-in page where one is given."""
        context = self._chromium.new_context(base_url=self._address, **options)
        context.set_default_timeout(20_000)
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("page", self._watch)
        self._contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": "sessionid", "value": _session(user), "url": self._address}])
        return context.new_page()

    def forgive(self, pattern: str) -> None:
        """Messages of the console that a test brings about on purpose."""
        self._forgiven.append(pattern)

    def _watch(self, page: Page) -> None:
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(f"not caught: {error}"))
        page.on("request", self._requested)

    def _requested(self, request: Request) -> None:
        there = urlsplit(request.url)
        if there.scheme not in ("data", "blob", "file") and there.netloc != urlsplit(self._address).netloc:
            self._note(f"request to another host: {request.url}")

    def _note(self, problem: str) -> None:
        if not any(re.search(pattern, problem) for pattern in self._forgiven):
            self.problems.append(problem)

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        self._contexts.clear()


def _session(user: Any) -> str:
    """The cookie of a session in which `user` is signed in."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@pytest.fixture
def windows(chromium: Browser, transactional_db: None, live_server: Any) -> Iterator[Windows]:
    opened = Windows(chromium, live_server.url)
    yield opened
    opened.close()
    assert opened.problems == []


class Workers:
    """The workers, who come when the test says so: between a click and its effect a test can look at the page."""

    def __init__(self, announced: list[tuple[str, tuple[Any, ...]]]) -> None:
        self._announced = announced

    def work(self) -> list[str]:
        """Do what was announced, and what comes of it, until nothing is left. Returns the names of the tasks."""
        from annotation.tasks import round_finish

        tasks = {"annotation.tasks.round_finish": round_finish, "learning.tasks.job_run": _job_run}
        done = []
        while self._announced:
            name, arguments = self._announced.pop(0)
            tasks[name](*arguments)
            done.append(name)
        return done


def _job_run(job_id: int) -> None:
    """As the task of this name, but in this process."""
    from learning.jobs.execute import execute
    from learning.services.jobs import job_claim
    from learning.tasks import jobs_ring

    claim = job_claim(job_id=job_id)
    if claim is not None:
        execute(job_id=job_id, attempt=claim.attempt)
        jobs_ring()  # a training may leave a selection to do, of which the clock would tell the workers


@pytest.fixture
def workers(announced: list[tuple[str, tuple[Any, ...]]]) -> Workers:
    return Workers(announced)
