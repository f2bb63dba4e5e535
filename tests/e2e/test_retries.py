"""Pages whose answers come from PostgreSQL, which may be a little behind the match, or away."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Person
from tests.e2e.staged import MATCH, Answer, Stage, refuse

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]
NOT_YET = refuse(404, "unknown_match", **{"Retry-After": "1"})
AWAY = refuse(503, "unavailable")


def after(failures: list[Answer], last: Answer) -> Answer:
    """These answers in their order, then the last one for ever."""
    return lambda route: (failures.pop(0) if failures else last)(route)


def answer(body: object) -> Answer:
    return lambda route: route.fulfill(json=body)


def asked(stage: Stage) -> int:
    """How often the rounds were asked for."""
    return len([path for path in stage.asked if path.endswith(f"/{MATCH}/history")])


def pass_time(page: Page, until: Locator) -> None:
    """Let the page's clock run on until this is seen."""
    for _ in range(300):
        if until.is_visible():
            return
        page.clock.run_for(1_000)
    raise AssertionError("time did not bring it")


def test_the_rounds_of_a_match_that_has_just_ended_come_by_themselves(person: Person) -> None:
    """Given a history that is behind, when the rounds are looked at, then they come, and until then words."""
    stage = Stage(person())
    stage.answers["/history$"] = after([NOT_YET] * 3, answer({"match": stage.view, "events": []}))
    page = stage.open(f"/history/{MATCH}")
    expect(page.get_by_role("status").filter(has_text="takes longer")).to_be_visible()
    expect(page.get_by_text("No round has been finished yet.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="takes longer")).to_have_count(0)
    assert asked(stage) == 4


def test_the_rounds_of_an_unknown_match_are_not_asked_for_for_ever(person: Person) -> None:
    """Given a match that nobody knows, when its rounds are looked at, then it ends by saying so, with a way on."""
    page = person()
    page.clock.install()
    stage = Stage(page)
    stage.answers["/history$"] = NOT_YET
    stage.open(f"/history/{MATCH}")
    pass_time(page, page.get_by_role("alert"))
    expect(page.get_by_role("alert")).to_contain_text("This match is not known")
    assert asked(stage) == 6
    page.clock.run_for(60_000)
    assert asked(stage) == 6
    stage.answers["/history$"] = answer({"match": stage.view, "events": []})
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No round has been finished yet.")).to_be_visible()


def test_my_matches_come_by_themselves_when_the_server_is_back(person: Person) -> None:
    """Given a server that is away, when my matches are looked at, then it says so, and has them on return."""
    page = person()
    page.clock.install()
    stage = Stage(page)
    stage.answers["/players/"] = AWAY
    stage.open("/history")
    pass_time(page, page.get_by_role("status").filter(has_text="takes longer"))
    stage.answers["/players/"] = answer({"matches": [], "next": None})
    pass_time(page, page.get_by_text("No matches yet."))
