"""A tour through every state of the page: two players, a spectator, and a few staged scenes."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

WAIT_MS = 15_000
SHORTEST_MOVE_S = 5


@dataclass(frozen=True)
class Look:
    """One way the page is seen."""

    device: str
    scheme: str
    language: str

    @property
    def name(self) -> str:
        return f"{self.device}-{self.scheme}-{self.language}"

    def context(self) -> dict[str, Any]:
        size = {"phone": (360, 740), "small": (320, 568), "wide": (740, 360), "desk": (1280, 800)}[self.device]
        return {
            "viewport": {"width": size[0], "height": size[1]},
            "device_scale_factor": 1 if self.device == "desk" else 2,
            "has_touch": self.device != "desk",
            "color_scheme": self.scheme,
            "locale": {"sl": "sl-SI", "en": "en-GB"}[self.language],
        }


@dataclass
class Tour:
    """Plays a match for the camera; `shoot` gets a page in a state and that state's name."""

    browser: Browser
    url: str
    look: Look
    shoot: Callable[[Page, str], None]
    contexts: list[BrowserContext] = field(default_factory=list)

    def run(self) -> None:
        """Every state of one look."""
        try:
            self.start_page()
            self.duel()
            self.computer()
            self.staged()
        finally:
            for context in self.contexts:
                context.close()

    def player(self) -> Page:
        context = self.browser.new_context(**self.look.context())
        context.set_default_timeout(WAIT_MS)
        self.contexts.append(context)
        return context.new_page()

    def start_page(self) -> None:
        page = self.player()
        page.goto(self.url)
        self.shoot(page, "start")
        page.locator(".join input").fill("?")
        page.locator(".join button").click()
        page.locator(".choices summary").click()
        self.shoot(page, "start-wrong-code")

    def duel(self) -> None:
        """A whole match between two people, a third one watching."""
        ana, bor, eva = self.player(), self.player(), self.player()
        ana.goto(self.url)
        ana.locator(".actions .button").nth(1).click()
        state(ana, "waiting").locator(".qr").wait_for()
        self.shoot(ana, "waiting")
        bor.goto(ana.url)
        self.shoot(state_page(bor, "turn"), "turn-first")
        throw(bor, "paper")
        ana.locator("[data-seat='1'][data-kind='down']").wait_for()
        self.shoot(ana, "turn-rival-thrown")
        self.shoot(state_page(bor, "thrown"), "thrown")
        eva.goto(ana.url)
        self.shoot(state_page(eva, "spectator"), "spectator")
        throw(ana, "rock")
        self.rounds(ana, bor)
        self.shoot(state_page(eva, "spectator-over"), "spectator-over")
        self.after(ana, bor)

    def rounds(self, ana: Page, bor: Page) -> None:
        ana.locator("[data-phase='turn']").wait_for()
        self.shoot(ana, "reveal")
        self.shoot(settled(ana), "round-lost")
        self.shoot(settled(bor), "round-won")
        play(ana, bor, "paper", "paper")
        self.shoot(ana, "round-tied")
        ana.context.set_offline(True)
        throw(ana, "scissors")
        self.shoot(state_page(ana, "offline"), "offline")
        ana.context.set_offline(False)
        state(ana, "thrown")
        throw(bor, "paper")
        settled(ana)
        ana.keyboard.press("Escape")
        self.shoot(ana, "leave")
        ana.keyboard.press("Escape")
        for _ in range(3):
            play(ana, bor, "rock", "scissors")
        self.shoot(state_page(ana, "over"), "over-won")
        self.shoot(state_page(bor, "over"), "over-lost")

    def after(self, ana: Page, bor: Page) -> None:
        """Rematch, giving up, and what the history keeps of it."""
        bor.keyboard.press("Enter")
        bor.locator(".rematch button[aria-disabled=true]").wait_for()
        self.shoot(bor, "rematch-asked")
        ana.locator(".rematch p:not(:empty)").wait_for()
        self.shoot(ana, "rematch-wanted")
        ana.keyboard.press("Enter")
        state(bor, "turn")
        play(ana, bor, "rock", "paper")
        bor.keyboard.press("Escape")
        bor.locator(".leave .danger").click()
        self.shoot(state_page(ana, "over"), "over-given-up")
        ana.locator(".after .link").click()
        self.shoot(state_page(ana, "record-ready"), "record")
        ana.goto(f"{self.url}/history")
        ana.locator(".matches li").first.wait_for()
        self.shoot(ana, "history")

    def computer(self) -> None:
        """Five shapes against the computer, then two rounds whose time runs out."""
        page = self.player()
        page.goto(self.url)
        page.locator("input[value=rpsfw]").check()
        page.locator(".actions .button").first.click()
        self.shoot(state_page(page, "turn"), "computer-turn")
        for shape in ("fire", "water", "rock", "fire"):
            throw(page, shape)
            settled(page)
        self.shoot(page, "computer-later")
        rival = self.player()
        page.goto(f"{self.url}/m/{create(page, self.url, SHORTEST_MOVE_S)}")
        rival.goto(page.url)
        state(rival, "turn")
        throw(page, "rock")
        page.locator("[data-state=thrown] .digits[data-late=true]").wait_for()
        self.shoot(page, "rival-silent")
        self.shoot(settled(page), "round-rival-missed")
        self.shoot(settled(rival), "round-missed")

    def staged(self) -> None:
        """States that would need an hour or a broken server: the real page, with answers put in its way."""
        page = self.player()
        page.goto(f"{self.url}/m/{uuid.UUID(int=0)}")
        self.shoot(state_page(page, "not-found"), "not-found")
        page.goto(f"{self.url}/no/such/page")
        self.shoot(page, "nowhere")
        page.goto(f"{self.url}/m/{create(page, self.url, 300)}")
        state(page, "waiting")
        self.seat_free(page.url)
        self.nobody_came(page)
        self.refused(page)
        self.server_away(page)

    def seat_free(self, link: str) -> None:
        page = self.player()
        page.route("**/commands", lambda route: route.fulfill(status=422, json={"code": "key_reused"}))
        page.goto(link)
        self.shoot(state_page(page, "free"), "seat-free")

    def nobody_came(self, page: Page) -> None:
        match = page.url.rsplit("/", 1)[-1]

        def ended(route: Route) -> None:
            view = route.fetch().json()
            route.fulfill(json={**view, "status": "ended", "ended_by": "time", "deadline": None})

        page.route(f"**/v1/matches/{match}", ended)
        page.route("**/events", lambda route: route.fulfill(content_type="text/event-stream", body=END))
        page.reload()
        self.shoot(state_page(page, "expired"), "expired")
        page.unroute_all()

    def refused(self, page: Page) -> None:
        page.goto(self.url)
        page.locator(".actions .button").first.click()
        state(page, "turn")
        page.route(
            "**/commands", lambda route: route.fulfill(status=409, json={"status": 409, "code": "too_late"})
        )
        throw(page, "rock")
        page.locator(".refusal:not(:empty)").wait_for()
        self.shoot(page, "refused")
        page.unroute_all()

    def server_away(self, page: Page) -> None:
        page.route("**/v1/**", lambda route: route.abort())
        throw(page, "rock")
        page.locator("[data-link=away]").wait_for()
        self.shoot(page, "away-thrown")
        page.reload()
        self.shoot(state_page(page, "away"), "away")
        page.unroute_all()
        state(page, "turn")


END = "event: end\ndata: {}\n\n"


def state(page: Page, name: str) -> Locator:
    """The page's root once it is in a state."""
    root = page.locator(f"[data-state='{name}']")
    root.wait_for()
    return root


def state_page(page: Page, name: str) -> Page:
    state(page, name)
    return page


def settled(page: Page) -> Page:
    """Once a revealed round lies still on the table."""
    page.locator("[data-phase=still]:is([data-state=turn], [data-state=over]):not([data-result=none])").wait_for()
    return page


def throw(page: Page, shape: str) -> None:
    page.locator(f".throw[data-shape={shape}]").click()


def play(ana: Page, bor: Page, hers: str, his: str) -> None:
    """One round, until both see it settled."""
    throw(ana, hers)
    state(ana, "thrown")
    throw(bor, his)
    settled(ana)
    settled(bor)


def create(page: Page, url: str, seconds: int) -> str:
    """A match with a pace that the page does not offer; its id."""
    body = {"game": "rps", "options": {"best_of": 7, "move_seconds": seconds, "opponent": "open"}}
    headers = {"Origin": url, "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    api = page.context.request  # shares the page's cookies
    answer = api.post(f"{url}/v1/matches", headers={**headers, "Prefer": "wait=5"}, data=json.dumps(body))
    return str(answer.json()["id"])
