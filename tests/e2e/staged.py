"""The built page with a server made of words: scenes a real one shows only by accident, or after an hour."""

import json
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request, Route

DIST = Path(__file__).parents[2] / "web/dist"
ORIGIN = "http://localhost:9"  # nobody listens there: every request is answered here
MATCH = "4e1aadde-c4f2-4f7c-837e-74a422e4e9fb"
ANA, BOR = {"player": "a", "name": "Ana"}, {"player": "b", "name": "Bor"}
RIVAL: dict[str, Any] = {"status": "playing", "seats": [ANA, BOR]}
LATER = "2999-01-01T00:00:00Z"
RETRY_MS = 50  # how soon the browser opens the ended stream again, and so sees the next view

Answer = Callable[[Route], None]


class Stage:
    """A page and the newest view of its one match; `answers`: what paths that a pattern matches get instead."""

    def __init__(self, page: Page, **view: Any) -> None:
        self.page = page
        self.view: dict[str, Any] = {**FIRST, **view}
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        page.context.route("**/*", self._answer)

    def open(self, path: str = f"/m/{MATCH}") -> Page:
        self.page.goto(ORIGIN + path)
        return self.page

    def show(self, **changes: Any) -> None:
        """The match goes on: the stream brings this view next."""
        self.view = {**self.view, **changes, "version": self.view["version"] + 1}

    def _answer(self, route: Route) -> None:
        path = path_of(route.request)
        self.asked.append(path)
        special = next((answer for pattern, answer in self.answers.items() if re.search(pattern, path)), None)
        if route.request.is_navigation_request():
            self.file(route, "/index.html")
        elif special:
            special(route)
        elif path.startswith("/auth/"):
            route.fulfill(json={"player": {"id": "a", "name": "Ana"}, "expires_in": 900})
        elif path.endswith("/events"):
            route.fulfill(content_type="text/event-stream", body=self._events())
        elif path.startswith("/v1/"):
            route.fulfill(json=self.view)
        else:
            self.file(route, path)

    def _events(self) -> str:
        return f"retry: {RETRY_MS}\n\nevent: view\ndata: {json.dumps(self.view)}\n\n"

    def file(self, route: Route, path: str) -> None:
        file = DIST / path.lstrip("/")
        route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file)[0] or "text/plain")


def path_of(request: Request) -> str:
    return request.url.removeprefix(ORIGIN).partition("?")[0]


def silent(route: Route) -> None:
    """No answer, for as long as the test lasts."""


def refuse(status: int, code: str, **headers: str) -> Answer:
    """The answer that is this problem."""
    return lambda route: route.fulfill(status=status, json={"status": status, "code": code}, headers=headers)


FIRST: dict[str, Any] = {
    "id": MATCH,
    "game": "rps",
    "version": 3,
    "status": "playing",
    "options": {"best_of": 7, "move_seconds": 30, "opponent": "open"},
    "seats": [ANA, BOR],
    "you": 0,
    "mine": None,
    "deadline": LATER,
    "score": [0, 0],
    "round": 1,
    "moved": [False, False],
    "rounds": [],
    "winner": None,
    "ended_by": None,
    "rematch": [False, False],
}
WAITING: dict[str, Any] = {"status": "waiting", "seats": [ANA, None], "version": 1}
PAPER_WINS = {"moves": ["paper", "rock"], "winner": 0}
WON: dict[str, Any] = {
    "status": "ended",
    "score": [4, 0],
    "round": 4,
    "rounds": [PAPER_WINS] * 4,
    "winner": 0,
    "ended_by": "score",
}
