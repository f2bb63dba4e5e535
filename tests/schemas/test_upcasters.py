"""Older versions become the newest, one step a version."""

from typing import Any

from schemas.upcasters import STEPS, upcast

Document = dict[str, Any]


def second(document: Document) -> Document:
    return {"type": "a.b.v2", "name": document["n"]}


def third(document: Document) -> Document:
    return {**document, "type": "a.b.v3", "seat": 0}


TWO: Any = {"a.b.v1": second, "a.b.v2": third}


def test_the_newest_version_is_handed_on_as_it_is() -> None:
    newest = {"type": "a.b.v3"}
    assert upcast(newest, TWO) is newest


def test_steps_chain_up_to_the_newest() -> None:
    assert upcast({"type": "a.b.v1", "n": "x"}, TWO) == {"type": "a.b.v3", "name": "x", "seat": 0}
    assert upcast({"type": "a.b.v2", "name": "x"}, TWO) == {"type": "a.b.v3", "name": "x", "seat": 0}


def test_what_has_no_type_has_no_step() -> None:
    assert upcast({}, TWO) == {}


def test_every_step_ends_at_a_word_without_one() -> None:
    assert all(upcast({"type": tag}).get("type") not in STEPS for tag in STEPS)
