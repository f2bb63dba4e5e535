"""People play in real browsers, through real Kafka, Valkey and PostgreSQL."""

import re

import pytest
from playwright.sync_api import Page, expect

from infra.stack.platform import Platform
from tests.e2e.conftest import WAIT_MS, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
MOST_ROUNDS = 60
# the states the page goes through from now on
SEEN = """() => {
  const seen = [];
  const note = () => document.querySelectorAll("[data-state]").forEach((each) => seen.push(each.dataset.state));
  new MutationObserver(note).observe(document.body, {subtree: true, childList: true, attributes: true});
  return seen;
}"""
KSP = re.compile("^Rock, paper, scissors$")
KSPOV = re.compile("^Rock, paper, scissors, fire, water$")


def state(page: Page, *names: str) -> str:
    """Wait until the match shows one of these states; says which."""
    place = page.locator(", ".join(f"[data-state='{name}']" for name in names)).first
    place.wait_for()
    return place.get_attribute("data-state") or ""


def invite(page: Page, url: str, game: re.Pattern[str] = KSP) -> str:
    """Open a match and give back the link to send."""
    page.goto(url)
    page.get_by_role("radio", name=game).check(force=True)
    page.get_by_role("button", name="Invite someone").click()
    state(page, "waiting")
    return page.url


def play_to_the_end(first: Page, second: Page, keys: tuple[str, str], each_round: object = None) -> int:
    """Both throw the same shapes again and again until somebody has won; how many rounds it took."""
    for number in range(1, MOST_ROUNDS):
        if state(first, "turn", "over") == "over":
            return number - 1
        state(second, "turn")
        first.keyboard.press(keys[0])
        state(first, "thrown", "reveal")
        second.keyboard.press(keys[1])
        if callable(each_round):
            each_round(number)
    raise AssertionError("the match does not end")


def score(page: Page) -> str:
    return re.sub(r"\s", "", page.locator(".score").first.inner_text())


def test_two_browsers_play_ksp_to_the_end(platform: Platform, person: Person) -> None:
    """Given an invitation, when paper meets rock in every round and one page is reloaded, paper wins 4 : 0."""
    ana, bor = person(), person(locale="sl-SI", color_scheme="dark", viewport={"width": 390, "height": 780})
    bor.goto(invite(ana, platform.url))

    def reload_in_the_middle(number: int) -> None:
        if number == 2:
            ana.reload()

    rounds = play_to_the_end(ana, bor, keys=("2", "1"), each_round=reload_in_the_middle)
    assert rounds == 4
    assert (state(ana, "over"), state(bor, "over")) == ("over", "over")
    assert (score(ana), score(bor)) == ("4:0", "0:4")
    assert_history(ana, "4:0")


def test_two_browsers_play_kspov_to_the_end(platform: Platform, person: Person) -> None:
    """Given the game with fire and water, when water meets fire in every round, water wins 8 : 0."""
    ana, bor = person(), person()
    bor.goto(invite(ana, platform.url, KSPOV))
    assert play_to_the_end(ana, bor, keys=("4", "5")) == 8
    assert (score(ana), score(bor)) == ("0:8", "8:0")
    assert_history(bor, "8:0")


def test_a_match_against_the_computer_ends(platform: Platform, person: Person) -> None:
    """Given the computer as rival, when a player throws on, then the match ends and is in the history."""
    page = person()
    page.goto(platform.url)
    page.get_by_role("button", name="Play the computer").click()
    for _ in range(MOST_ROUNDS):
        if state(page, "turn", "over") == "over":
            break
        page.keyboard.press("1")
        state(page, "reveal", "over")
    ended = score(page)
    assert "4" in ended.split(":")
    assert_history(page, ended)


def test_a_throw_made_without_network_counts_once_when_it_is_back(platform: Platform, person: Person) -> None:
    """Given a lost network, when a player throws, then the throw is kept and sent once on return."""
    ana, bor = person(), person()
    bor.goto(invite(ana, platform.url))
    state(ana, "turn")
    ana.context.set_offline(True)
    ana.keyboard.press("2")
    state(ana, "offline")
    ana.context.set_offline(False)
    state(ana, "thrown")
    state(bor, "turn")
    bor.keyboard.press("1")
    expect(ana.locator(".score").first).to_contain_text("1")
    assert score(ana) == "1:0"


def test_a_third_person_watches_and_sees_no_pending_throw(platform: Platform, person: Person) -> None:
    """Given a running match, when a third person opens its link, then they see that one has thrown, not what."""
    ana, bor, eva = person(), person(), person()
    link = invite(ana, platform.url)
    bor.goto(link)
    state(ana, "turn")
    eva.goto(link)
    state(eva, "spectator")
    ana.keyboard.press("1")
    eva.locator("[data-seat='0'][data-kind='down']").wait_for()
    assert eva.locator("[data-kind='up']").count() == 0


def test_who_comes_back_to_a_match_made_here_sees_it_as_it_is_now(platform: Platform, person: Person) -> None:
    """Given a match that Ana made and left, when a rival has sat down, then Back leads her to her turn at once."""
    ana, bor = person(), person()
    link = invite(ana, platform.url)
    ana.get_by_role("link", name="Playlog, to the start").click()
    state(ana, "start")
    bor.goto(link)
    state(bor, "turn")
    ana.route("**/events", lambda route: route.abort())  # what is shown now comes from no stream
    seen = ana.evaluate_handle(SEEN)
    ana.go_back()
    state(ana, "turn")
    assert "waiting" not in seen.json_value()


def test_a_player_with_too_many_windows_is_told_so_and_can_still_play(platform: Platform, person: Person) -> None:
    """Given as many windows on a match as there are streams, when one more opens, then it says why it is slow."""
    ana, bor = person(), person()
    link = invite(ana, platform.url)
    bor.goto(link)
    state(ana, "turn")
    others = [ana.context.new_page() for _ in range(4)]
    for other in others:
        other.goto(link)
        state(other, "turn")
    last = others[-1]
    note = last.locator(".connection")
    expect(note).to_contain_text("too many matches open")
    bor.keyboard.press("1")
    last.locator("[data-seat='1'][data-kind='down']").wait_for()
    expect(note).to_contain_text("too many matches open")
    ana.close()
    expect(note).to_have_text("", timeout=WAIT_MS)


def assert_history(page: Page, result: str) -> None:
    """The finished match stands in the player's history, which comes from PostgreSQL, with its rounds."""
    page.get_by_role("link", name="Look at the rounds").click()
    state(page, "record-ready")
    page.get_by_role("link", name="My matches", exact=True).click()
    state(page, "history-ready")
    first = page.locator("main li").first
    expect(first).to_contain_text(re.compile(r"\s*:\s*".join(result.split(":"))))
