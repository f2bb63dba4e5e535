"""The page for those who listen, who use the keyboard, who cannot bear motion, or who need large letters."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Person
from tests.e2e.staged import MATCH, PAPER_WINS, RIVAL, WAITING, WON, Answer, Stage, refuse

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


LISTEN = """
window.moved = [];
const FADING = ["opacity", "offset", "computedOffset", "easing", "composite"];
for (const begun of ["animationstart", "transitionstart"])
  addEventListener(begun, () => {
    const frames = document.getAnimations().flatMap((each) => each.effect.getKeyframes());
    moved.push(...frames.flatMap(Object.keys).filter((name) => !FADING.includes(name)));
    window.faded = true;
  }, true);
"""


def test_nothing_moves_for_those_who_ask_for_that(person: Person) -> None:
    """Given reduced motion, when a round is thrown, revealed and scored, then things fade and nothing moves."""
    page = person(reduced_motion="reduce")
    page.add_init_script(LISTEN)
    stage = Stage(page)
    stage.open()
    stage.answers["/commands"] = lambda route: route.abort()
    page.locator(".throw[data-shape=paper]").click()
    expect(page.locator("[data-side=near][data-kind=down]")).to_be_visible()
    stage.show(round=2, rounds=[PAPER_WINS], score=[1, 0])
    expect(page.locator("[data-phase=still][data-result=won]")).to_be_visible()
    assert page.evaluate("window.faded && moved") == []


CUT = """[...document.querySelectorAll("html, .app, main, .match, .play, .waiting")]
  .filter((box) => box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== "auto")
  .map((box) => `${box.className} ${box.scrollHeight} > ${box.clientHeight}`)"""
COVERED = """[...document.querySelectorAll("main :is(button, a, h1, h1 + p, .score, strong, .caption)")]
  .filter((node) => node.textContent)
  .filter((node) => {
    node.scrollIntoView({ block: "center" });
    const box = node.getBoundingClientRect();
    const x = (box.left + box.right) / 2;
    const ends = [box.top + 2, box.bottom - 2].map((y) => document.elementFromPoint(x, y));
    return !ends.every((top) => node.contains(top) || top?.contains(node));
  })
  .map((node) => node.textContent)"""
ZOOMED = {"200 %": (640, 330), "400 %": (320, 256)}  # what is left of a desk's window


@pytest.mark.parametrize("size", ZOOMED.values(), ids=ZOOMED.keys())
def test_a_zoomed_page_keeps_its_header(person: Person, size: tuple[int, int]) -> None:
    """Given large zoom on a desk, when a match is played, then the header and all its switches can be used."""
    page = Stage(person(viewport={"width": size[0], "height": size[1]})).open()
    for name in ("Throw with the keys 1 to 5", "Sound", "SL, Slovenščina"):
        page.get_by_role("button", name=name).click(trial=True, timeout=2_000)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("size", ZOOMED.values(), ids=ZOOMED.keys())
@pytest.mark.parametrize("view", [{}, WAITING, WON], ids=["playing", "waiting", "over"])
def test_a_zoomed_page_cuts_nothing_off(person: Person, size: tuple[int, int], view: dict[str, Any]) -> None:
    """Given large zoom on a desk, when a match is shown, then nothing is cut off, covered, or too small to see."""
    page = Stage(person(viewport={"width": size[0], "height": size[1]}), **view).open()
    expect(page.locator(".felt, .qr")).to_be_attached()
    assert page.evaluate(CUT) == []
    assert page.evaluate(COVERED) == []
    assert page.locator(".felt, .qr").evaluate("(node) => Math.min(node.clientWidth, node.clientHeight)") >= 100


def test_single_keys_can_be_switched_off_wherever_they_act(person: Person) -> None:
    """Given a small touch screen, when single keys throw, then the switch for them is there."""
    page = Stage(person(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True)).open()
    page.get_by_role("button", name="Throw with the keys 1 to 5").tap()
    page.keyboard.press("1")
    expect(page.locator("[data-state=turn]")).to_be_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("size", [(320, 568), (360, 740), (740, 360), (1280, 800)])
@pytest.mark.parametrize("view", [{"game": "rpsfw"}, WON], ids=["playing", "over"])
def test_a_match_never_scrolls(person: Person, size: tuple[int, int], view: dict[str, Any]) -> None:
    """Given a phone or a desk, when a match is shown, then all of it is seen at once."""
    small = size[0] < 1000
    page = Stage(
        person(viewport={"width": size[0], "height": size[1]}, has_touch=small, is_mobile=small), **view
    ).open()
    expect(page.locator("h1")).to_be_visible()
    assert page.locator(".match").evaluate("(box) => box.scrollHeight <= box.clientHeight")
    assert page.evaluate(COVERED) == []
