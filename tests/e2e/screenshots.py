"""Takes a picture of every state of the page in every look, and lets axe inspect each: `make screenshots`."""

import os
import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.scenes import Look, Tour

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
CHROMIUM = os.environ.get("PLAYLOG_CHROMIUM", "/usr/bin/chromium")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STILL = "() => document.getAnimations().every(a => a.playState !== 'running' || a.effect.target.closest('.ring'))"


class Camera:
    """Writes pictures of one look, and remembers what axe finds."""

    def __init__(self, folder: Path, look: Look) -> None:
        self.folder, self.look = folder / look.name, look
        self.folder.mkdir(parents=True, exist_ok=True)
        self.found: list[str] = []
        self.taken = 0

    def shoot(self, page: Page, state: str) -> None:
        if state != "reveal":  # the one picture of something in motion
            page.wait_for_function(STILL)
        page.screenshot(path=self.folder / f"{state}.png")
        self.taken += 1
        if state != "reveal":
            self.found += [f"{self.look.name} {state}: {line}" for line in inspect(page)]


@cache
def axe() -> str:
    return AXE.read_text()


def inspect(page: Page) -> Iterator[str]:
    """What axe holds against the page as it is, and whether it is wider than its window."""
    page.evaluate(axe())
    result: dict[str, Any] = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    for violation in result["violations"]:
        yield f"{violation['id']}: {violation['help']} {[node['target'] for node in violation['nodes']][:3]}"
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "wider than the window"


def looks(quick: bool) -> list[Look]:
    """Each device, scheme and language; the smallest phone and its landscape in one look each."""
    if quick:
        return [Look("phone", "light", "sl"), Look("desk", "dark", "en")]
    main = [Look(*each) for each in product(("phone", "desk"), ("light", "dark"), ("sl", "en"))]
    return [*main, Look("small", "light", "sl"), Look("wide", "dark", "en")]


def take(browser: Browser, url: str, look: Look, out: Path) -> Camera:
    camera = Camera(out, look)
    Tour(browser, url, look, camera.shoot).run()
    return camera


app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    url: Annotated[str, typer.Option(help="a running Playlog")] = "http://localhost:8000",
    out: Annotated[Path, typer.Option(help="where the pictures go")] = ROOT / "screenshots",
    quick: Annotated[bool, typer.Option(help="two looks instead of ten")] = False,
    only: Annotated[str, typer.Option(help="looks whose name has this, e.g. desk-dark")] = "",
) -> None:
    """Exit code 1 when axe found something."""
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    found: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        for look in [each for each in looks(quick) if only in each.name]:
            camera = take(browser, url.rstrip("/"), look, out)
            found += camera.found
            typer.echo(f"{look.name}: {camera.taken} pictures", err=True)
    typer.echo("\n".join(found) or f"axe found nothing; pictures in {out}")
    sys.exit(bool(found))


if __name__ == "__main__":
    app()
