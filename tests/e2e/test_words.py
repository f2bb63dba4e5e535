"""The page says what happens, also where nothing, or the wrong thing, does."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Person
from tests.e2e.staged import MATCH, ORIGIN, WAITING, WON, Stage, path_of, silent

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]
NO_CLIPBOARD = """
delete Navigator.prototype.share;
Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("no")) } });
document.execCommand = () => false;
"""


def test_a_part_that_is_slow_to_load_says_so(person: Person) -> None:
    """Given a slow network, when a page's code takes long, then it says so, and in the end offers a way on."""
    page = person()
    page.clock.install()
    stage = Stage(page)
    stage.answers["/assets/history-"] = silent
    stage.open("/history")
    expect(page.get_by_role("status").filter(has_text="One moment")).to_be_visible()
    page.clock.fast_forward("00:30")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_slow_part_that_comes_after_all_is_shown(person: Person) -> None:
    """Given a part that was given up, when it comes after all, then it is shown."""
    page = person()
    page.clock.install()
    stage = Stage(page)
    stage.answers["/players/"] = lambda route: route.fulfill(json={"matches": [], "next": None})
    waiting: list[Route] = []
    stage.answers["/assets/history-"] = waiting.append
    stage.open("/history")
    expect(page.get_by_role("status").filter(has_text="One moment")).to_be_visible()
    page.clock.fast_forward("00:30")
    expect(page.get_by_role("alert")).to_be_visible()
    stage.file(waiting[0], path_of(waiting[0].request))
    expect(page.get_by_text("No matches yet.")).to_be_visible()


def test_a_spectator_hears_that_both_missed_a_round(person: Person) -> None:
    """Given a round that both let pass, when somebody watches, then they read that, and not of two of a kind."""
    page = Stage(person(), you=None, round=2, rounds=[{"moves": [None, None], "winner": None}]).open()
    expect(page.locator(".saying p").first).to_have_text("Nobody threw in time.")


def test_a_spectator_hears_why_a_round_was_won(person: Person) -> None:
    """Given a round that one let pass, when somebody watches, then they read who did."""
    rounds = [{"moves": ["rock", None], "winner": 0}]
    page = Stage(person(), you=None, round=2, rounds=rounds, score=[1, 0]).open()
    expect(page.locator(".saying h1")).to_have_text("Ana takes the round")
    expect(page.locator(".saying p").first).to_have_text("Bor did not throw in time.")


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.parametrize(
    ("button", "text"), [("Copy link", f"{ORIGIN}/m/{MATCH}"), ("Copy code", MATCH)], ids=["link", "code"]
)
def test_an_invitation_is_copied_and_said_to_be(person: Person, button: str, text: str) -> None:
    """Given a player who waits, when they copy link or code, then that is done, said, and offered anew."""
    page = person()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    Stage(page, **WAITING).open()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    assert clipboard(page) == text
    expect(page.get_by_role("button", name=button)).to_be_visible()


def test_the_code_is_shown(person: Person) -> None:
    """Given a player who waits, when they look, then the code stands there to be read out."""
    page = Stage(person(), **WAITING).open()
    expect(page.get_by_label("Code", exact=True)).to_have_text(MATCH)


@pytest.mark.parametrize(("view", "button"), [(WAITING, "Copy link"), (WON, "Share result")], ids=["link", "end"])
def test_a_copy_that_fails_is_said(person: Person, view: dict[str, object], button: str) -> None:
    """Given a browser that lets nobody copy, when a player tries, then they read so, and what to do."""
    page = person()
    page.add_init_script(NO_CLIPBOARD)
    Stage(page, **view).open()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status").filter(has_text="could not be copied")).to_be_visible()


def test_where_the_browser_cannot_share_the_page_says_how(person: Person) -> None:
    """Given a browser without a share sheet, when a player waits, then they read what to do with the link."""
    page = person()
    page.add_init_script("delete Navigator.prototype.share")
    Stage(page, **WAITING).open()
    expect(page.get_by_text("paste it into a message")).to_be_visible()
    expect(page.get_by_role("button", name="Share")).to_have_count(0)
