"""The page for those who listen, who use the keyboard, who cannot bear motion, or who need large letters."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Person
from tests.e2e.staged import MATCH, RIVAL, WAITING, Answer, Stage, refuse

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]


def test_a_rival_who_comes_is_announced(person: Person) -> None:
    """Given a player who waits, when the rival comes, then a status that was there before says whose turn it is.

    Screen readers speak what changes in a status; one that arrives with its text in it is silent.
    """
    stage = Stage(person(), **WAITING)
    page = stage.open()
    expect(page.locator("[data-state=waiting]")).to_be_visible()
    page.evaluate("document.querySelectorAll('[role=status]').forEach((node) => (node.dataset.old = 'yes'))")
    stage.show(**RIVAL)
    expect(page.locator("[data-state=turn]")).to_be_visible()
    expect(page.locator("[data-old][role=status]", has_text="Your turn")).to_have_count(1)


TITLES = [
    ("/m/00000000-0000-0000-0000-000000000000", "There is no such match", refuse(404, "unknown_match")),
    ("/no/such/page", "There is nothing at this address", None),
    (f"/m/{MATCH}", "Waiting for a rival", None),
]


@pytest.mark.parametrize(("path", "title", "answer"), TITLES)
def test_a_page_is_titled_by_what_it_says(person: Person, path: str, title: str, answer: Answer | None) -> None:
    """Given any page, when it is shown, then its title says what is on it."""
    stage = Stage(person(), **WAITING)
    if answer:
        stage.answers["00000000"] = answer
    expect(stage.open(path)).to_have_title(f"{title} – Playlog")


def test_an_expired_table_is_titled_so(person: Person) -> None:
    """Given a table to which nobody came, when it expires, then the title says so."""
    stage = Stage(person(), **WAITING)
    page = stage.open()
    expect(page.locator("[data-state=waiting]")).to_be_visible()
    stage.show(status="ended", ended_by="time")
    expect(page).to_have_title("Nobody came – Playlog")


def test_a_title_follows_the_language(person: Person) -> None:
    """Given the rounds of a match, when the language is switched, then so is the title."""
    stage = Stage(person())
    stage.answers["/history$"] = lambda route: route.fulfill(json={"match": stage.view, "events": []})
    page = stage.open(f"/history/{MATCH}")
    expect(page).to_have_title("The rounds of a match – Playlog")
    page.get_by_role("button", name="SL").click()
    expect(page).to_have_title("Krogi igre – Playlog")
