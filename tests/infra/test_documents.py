"""The documents are true: the paths they name exist, and clients find every code they can get."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway_api.answers import STATUS
from infra.stack.settings import CLONE
from schemas.rejections import Code

DOCUMENTS = sorted([CLONE / "README.md", *(CLONE / "docs").rglob("*.md")])
NAMED = re.compile(r"`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?)`")
LINKED = re.compile(r"\]\(([^)#:]+)\)")
SUFFIXES = (".py", ".md", ".json", ".lock", ".ts", ".tsx", ".toml", ".yml", ".sql")

TABLES = re.compile(r"^\| (`[^|]+) \| (\d{3}) \|", re.MULTILINE)
OF_TIMERS = {Code.TOO_EARLY, Code.STALE}
OF_OTHERS = {Code.UNREADABLE, Code.WRONG_KEY, Code.TOO_LARGE}  # the gateway appends no such command
OF_THE_FRAMEWORK = {("not_found", 404), ("method_not_allowed", 405)}
SOURCES = [path for folder in ("gateway_api", "auth_api", "infra/http") for path in (CLONE / folder).rglob("*.py")]


def modules() -> set[str]:
    """The names of all modules, for those that a document calls by their last part."""
    folders = [
        entry for entry in CLONE.iterdir() if entry.is_dir() and entry.name[0] != "." and entry.name != "web"
    ]
    return {path.name for folder in folders for path in folder.rglob("*.py")}


def missing(document: Path) -> Iterator[str]:
    """The paths of this repository that a document names although they are not there."""
    text, known = document.read_text(), modules()
    top = {entry.name for entry in CLONE.iterdir() if not entry.name.startswith(".")}
    for name in NAMED.findall(text):
        first, slash, _ = name.partition("/")
        if slash and (first in top or name.endswith(SUFFIXES)):
            if not (CLONE / name).exists():
                yield name
        elif name.endswith(SUFFIXES) and not (CLONE / name).exists() and name not in known:
            yield name
    yield from (link for link in LINKED.findall(text) if not (document.parent / link).exists())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CLONE)))
def test_given_a_document_when_it_names_a_path_then_it_is_there(document: Path) -> None:
    assert [*missing(document)] == []


def test_given_the_code_when_a_request_is_refused_then_its_code_is_documented_with_its_status() -> None:
    assert {*refusals()} - documented() == set()


def test_given_an_engines_rejection_when_a_client_gets_it_then_its_code_is_documented_with_its_status() -> None:
    heard = {code for code in Code if code not in OF_TIMERS | OF_OTHERS}
    assert {(code.value, STATUS.get(code, 409)) for code in heard} - documented() == set()


def test_given_the_documented_codes_when_a_client_looks_one_up_then_something_sends_it() -> None:
    assert {code for code, _ in documented()} - {code for code, _ in refusals()} - {*Code} == set()


def documented() -> set[tuple[str, int]]:
    rows = TABLES.findall((CLONE / "docs" / "http.md").read_text())
    return {(code, int(status)) for codes, status in rows for code in re.findall(r"`([a-z_]+)`", codes)}


def refusals() -> Iterator[tuple[str, int]]:
    """Code and status of every problem that the sources make."""
    yield from OF_THE_FRAMEWORK
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                yield from made(name, [getattr(argument, "value", None) for argument in call.args])


def made(function: str, arguments: list[object]) -> Iterator[tuple[str, int]]:
    """What one call makes; arguments that are not written there are told where the function is called."""
    match function, arguments:
        case "Problem", [int(status), str(code), *_]:
            yield code, status
        case "away", [str(store)]:
            yield f"{store}_away", 503
        case "too_many", [_, str(code)]:
            yield code, 429
        case "too_many", [_]:
            yield "too_many_requests", 429
