"""Contracts stand for ever: what was published still says the same, and what is written fits it."""

import runpy
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings

from schemas import codec, contract
from schemas.command import Command, encode_command
from schemas.contract import FOLDER, INDEX, Broken, broken, contracts, published, write
from schemas.upcasters import STEPS
from tests.engine_worker.partition import FENCE_RECORD, owner, sent, took
from tests.engine_worker.runs import Told, runs
from tests.words import ANN, AT, ENTROPY, create, words

OLD = {"a.v1.json": b'{"a":1}', "b.v1.json": b'{"b":1}'}


@cache
def validator(name: str, part: str | None = None) -> jsonschema_rs.Draft202012Validator:
    document = orjson.loads((FOLDER / f"{name}.json").read_bytes())
    return jsonschema_rs.Draft202012Validator(document if part is None else document[part])


def texts(headers: codec.Headers) -> dict[str, str]:
    return {name: raw.decode() for name, raw in headers}


def test_every_published_contract_stands_as_it_was() -> None:
    assert broken() == []


def test_every_word_is_published() -> None:
    assert set(contracts()) <= set(published()), "run: python -m schemas.contract"


def test_the_folder_holds_what_the_index_says() -> None:
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.json")}
    del files[INDEX]
    assert files == published()


def test_a_published_word_that_is_no_longer_written_can_still_be_read() -> None:
    gone = {name.removesuffix(".json") for name in set(published()) - set(contracts())}
    assert all(tag in STEPS for tag in gone)


@pytest.mark.parametrize("name", sorted(contracts()))
def test_a_contract_is_valid_json_schema_under_its_own_name(name: str) -> None:
    document = orjson.loads((FOLDER / name).read_bytes())
    for schema in document.values() if name.startswith("envelope.") else [document]:
        if isinstance(schema, dict):
            jsonschema_rs.meta.validate(schema)
    assert f"{document['$id']}.json" == name


@given(words)
def test_every_command_fits_its_contract(word: Any) -> None:
    record = encode_command(Command("c", create().key, ANN, ENTROPY, word), AT, "/playlog/test", "00-1-2-01")
    value = orjson.loads(record.value)
    validator("command.v1").validate(value)
    validator(word.type).validate(value["word"])
    validator("envelope.v1", "command").validate(texts(record.headers))


@given(runs(most=12))
@settings(max_examples=40)
def test_every_outcome_fits_its_contract(told: Told) -> None:
    for outcome in told.outcomes:
        value = orjson.loads(codec.encode_outcome(outcome))
        validator("outcome.v1").validate(value)
        if value["public"] is not None:
            validator("public-view.v1").validate(value["public"])
        for event in value["events"]:
            validator(event["type"]).validate(event)


def test_fences_and_outcomes_bear_the_headers_of_the_envelope() -> None:
    validator("envelope.v1", "fence").validate(texts(FENCE_RECORD.headers))
    validator("envelope.v1", "outcome").validate(texts(took(owner(), sent(0, create())).headers))
    with pytest.raises(jsonschema_rs.ValidationError):
        validator("envelope.v1", "outcome").validate(texts(FENCE_RECORD.headers))


def test_what_is_missing_is_published_once(tmp_path: Path) -> None:
    assert write(tmp_path / "new", OLD) == [*OLD]
    assert write(tmp_path / "new", OLD) == []
    assert broken(tmp_path / "new", OLD) == []
    assert published(tmp_path) == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "a.v1.json").unlink(), "gone"),
        (lambda folder: (folder / "a.v1.json").write_bytes(b"{}"), "edited"),
        (lambda folder: None, "new version"),
    ],
)
def test_a_published_contract_is_never_changed_or_removed(tmp_path: Path, change: Any, words: str) -> None:
    write(tmp_path, OLD)
    change(tmp_path)
    with pytest.raises(Broken, match=words):
        write(tmp_path, {**OLD, "a.v1.json": b'{"a":2}', "c.v1.json": b"{}"})
    assert not (tmp_path / "c.v1.json").exists()


def test_an_older_version_stays_beside_the_newer(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    assert write(tmp_path, {"a.v2.json": b"{}"}) == ["a.v2.json"]
    assert set(published(tmp_path)) == {*OLD, "a.v2.json"}


def test_the_command_says_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert contract.main() == 0
    assert capsys.readouterr().out == "nothing new\n"
    monkeypatch.setattr(contract, "write", lambda: write(tmp_path, OLD))
    assert contract.main() == 0
    assert capsys.readouterr().out == "published a.v1.json\npublished b.v1.json\n"
    (tmp_path / "a.v1.json").unlink()
    assert contract.main() == 1
    assert "gone" in capsys.readouterr().err


def test_the_module_is_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        runpy.run_path(contract.__file__, run_name="__main__")
    assert left.value.code == 0
    assert capsys.readouterr().out == "nothing new\n"


def test_definitions_that_nobody_names_are_not_part_of_a_record() -> None:
    document = orjson.loads(contracts()["outcome.v1.json"])
    assert "MatchCreated" not in document["$defs"]
    assert "PublicView" in document["$defs"]
    assert "$defs" not in orjson.loads(contracts()["command.v1.json"])
