"""Whoever plays by keyboard never loses the place where they are."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Person
from tests.e2e.staged import PAPER_WINS, RIVAL, WAITING, WON, Stage, silent

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]


def press(page: Page, name: str, key: str = "Enter") -> Locator:
    """Press the key on the button of this name."""
    button = page.get_by_role("button", name=name)
    button.focus()
    page.keyboard.press(key)
    return button


def test_staying_returns_to_the_shape(person: Person) -> None:
    """Given the question whether to leave, when a player stays, then their shape has the focus again."""
    page = Stage(person()).open()
    shape = page.locator(".throw[data-shape=paper]")
    shape.focus()
    page.keyboard.press("Escape")
    press(page, "Stay")
    expect(page.locator("dialog")).to_have_count(0)
    expect(shape).to_be_focused()


def test_going_away_leads_to_the_page(person: Person) -> None:
    """Given the question whether to leave, when a player goes away, then the focus is on the start page."""
    page = Stage(person()).open()
    page.locator(".throw").first.focus()
    page.keyboard.press("Escape")
    press(page, "Go away")
    expect(page.locator("[data-state=start]")).to_be_visible()
    expect(page.locator("main")).to_be_focused()


def test_a_wish_for_a_rematch_keeps_its_button_focused(person: Person) -> None:
    """Given a match that is over, when a rematch is asked for, then its button keeps the focus, asks once."""
    stage = Stage(person(), **WON)
    page = stage.open()
    stage.answers["/commands"] = silent
    button = press(page, "Rematch")
    expect(button).to_be_disabled()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".rematch p")).to_have_text("Waiting for Bor to agree")
    assert len([path for path in stage.asked if path.endswith("/commands")]) == 1


def test_setting_a_table_keeps_its_button_focused(person: Person) -> None:
    """Given the start page, when a slow server is asked for a match, then the button keeps the focus."""
    stage = Stage(person())
    stage.answers["/v1/matches$"] = silent
    page = stage.open("/")
    button = press(page, "Play the computer")
    expect(button).to_be_disabled()
    expect(button).to_be_focused()


def test_older_matches_keep_their_button_focused(person: Person) -> None:
    """Given a long history, when older matches are asked for by keyboard, then the button keeps the focus."""
    stage = Stage(person())
    stage.answers["/players/"] = lambda route: (
        silent(route) if "cursor" in route.request.url else route.fulfill(json={"matches": [], "next": "x"})
    )
    page = stage.open("/history")
    button = press(page, "Show older")
    expect(button).to_be_disabled()
    expect(button).to_be_focused()


def test_the_end_of_a_match_takes_the_focus_along(person: Person) -> None:
    """Given the focus on a shape, when the match ends and its shapes go, then it is on what takes their place."""
    stage = Stage(person())
    page = stage.open()
    page.locator(".throw").first.focus()
    stage.show(**WON)
    expect(page.locator("[data-state=over]")).to_be_visible()
    expect(page.locator(".dock")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Rematch")).to_be_focused()


def test_a_rematch_takes_the_focus_along(person: Person) -> None:
    """Given the focus on the rematch, when it begins, then it is on the dock, before the shapes."""
    stage = Stage(person(), **WON)
    page = stage.open()
    page.get_by_role("button", name="Rematch").focus()
    stage.show(status="playing", score=[0, 0], round=1, rounds=[], winner=None, ended_by=None)
    expect(page.locator("[data-state=turn]")).to_be_visible()
    expect(page.locator(".dock")).to_be_focused()


def test_a_rival_who_comes_takes_the_focus_along(person: Person) -> None:
    """Given the focus on "Copy link", when the rival comes and the invitation goes, then it is on the match."""
    stage = Stage(person(), **WAITING)
    page = stage.open()
    page.get_by_role("button", name="Copy link").focus()
    stage.show(**RIVAL)
    expect(page.locator("[data-state=turn]")).to_be_visible()
    expect(page.locator(".match")).to_be_focused()


def test_the_focus_stays_where_nothing_vanishes(person: Person) -> None:
    """Given the focus on a shape, when the next round begins, then it is still there."""
    stage = Stage(person())
    page = stage.open()
    shape = page.locator(".throw[data-shape=rock]")
    shape.focus()
    stage.show(round=2, rounds=[PAPER_WINS], score=[1, 0])
    expect(page.locator(".score")).to_contain_text("1")
    expect(shape).to_be_focused()


def test_going_back_leads_to_the_page(person: Person) -> None:
    """Given a page reached by a link, when the player goes back, then the focus is at the page's main part."""
    page = Stage(person()).open("/")
    page.get_by_role("link", name="My matches").click()
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="My matches").focus()
    page.go_back()
    expect(page.locator("[data-state=start]")).to_be_visible()
    expect(page.locator("main")).to_be_focused()
