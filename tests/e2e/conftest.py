"""Chromium as Debian ships it, and a new browser context for each person in a test."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = os.environ.get("PLAYLOG_CHROMIUM", "/usr/bin/chromium")
WAIT_MS = 15_000
Person = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module's tests; its event loop must be gone before other modules' coroutines run.

    No sandbox only as root, who has no other choice.
    """
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def person(chromium: Browser) -> Iterator[Person]:
    """A person with a browser of their own: `person(locale="sl-SI")` gives an empty page."""
    contexts: list[BrowserContext] = []

    def come(**options: Any) -> Page:
        context = chromium.new_context(
            **{"locale": "en-GB", "viewport": {"width": 1100, "height": 800}, **options}
        )
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        return context.new_page()

    yield come
    for context in contexts:
        context.close()
