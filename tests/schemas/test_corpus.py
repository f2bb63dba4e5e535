"""Every record ever written is read, and every command ever judged is judged to the same bytes, for ever."""

import os
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import get_args

import orjson
import pytest

from engine_worker.restore import Restored
from schemas.codec import JUDGE_VERSION, decode_facts, decode_outcome, judge_version, mark
from schemas.match import MatchEvent
from schemas.rejections import Code
from tests import corpus
from tests.engine_worker.runs import image

ROOT = Path(__file__).parents[2]
FILES = corpus.files()
NEWER = ("playlog-rules",)  # says which engine judged, and may rise


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_commands_are_judged_to_the_same_bytes(path: Path) -> None:
    for _, taken, written in corpus.judged(path):
        assert (taken.key, taken.value) == (written.key, written.value)
        assert mark(taken.headers) == mark(written.headers)
        kept = [
            [header for header in headers if header[0] not in NEWER]
            for headers in (taken.headers, written.headers)
        ]
        assert kept[0] == kept[1]
        assert judge_version(written.headers) <= JUDGE_VERSION


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_fold_of_the_records_is_the_owners_state(path: Path) -> None:
    reader = Restored()
    for line in corpus.lines(path):
        found = line.get("fence") or line["outcome"]
        reader.feed(found["offset"], *corpus.record(found))
    *_, (of, _, _) = corpus.judged(path)
    assert image(reader.state) == image(of.state)
    assert reader.cursor == of.cursor
    assert not reader.ignored


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_outcome_is_read_by_both_readers(path: Path) -> None:
    for _, _, written in corpus.judged(path):
        facts, document = decode_facts(written.value), decode_outcome(written.value)
        assert [event.type for event in facts["events"]] == [event["type"] for event in document["events"]]


def test_the_corpus_knows_every_event_and_every_rejection() -> None:
    events: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for path in FILES:
        for _, _, written in corpus.judged(path):
            document = orjson.loads(written.value)
            events.update(event["type"] for event in document["events"])
            codes.update([document["rejection"]] if document["rejection"] else [])
    assert {m.__dataclass_fields__["type"].default for m in get_args(get_args(MatchEvent)[0])} <= set(events)
    assert {str(code) for code in Code} <= set(codes)


def test_no_file_of_the_corpus_was_ever_changed() -> None:
    index = (corpus.FOLDER / "index.txt").read_text().splitlines()
    assert sorted(index, key=lambda line: line.split()[1]) == [
        f"{sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in FILES
    ]


def test_a_file_that_exists_is_not_written_again() -> None:
    with pytest.raises(FileExistsError):
        corpus.add(FILES[0].stem)


@pytest.mark.parametrize(("seed", "zone"), [("0", "UTC"), ("1", "Asia/Kathmandu"), ("4242", "America/Caracas")])
def test_outcomes_do_not_depend_on_hash_seed_time_zone_or_locale(seed: str, zone: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
    printed = subprocess.run(
        [sys.executable, "-m", "tests.corpus"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
        timeout=60,
        text=True,
    ).stdout
    assert printed.strip() == corpus.fingerprint()
