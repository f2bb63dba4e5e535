"""Evidence survives its folder, byte for byte."""

from dataclasses import fields
from pathlib import Path

from tests.proof.evidence import (
    Circumstances,
    ClientEvent,
    Connection,
    Evidence,
    Fault,
    Frame,
    MatchRow,
    Place,
    Record,
    RedisMatch,
)
from tests.proof.saved import load, save

RECORD = Record(3, 7, 1_800_000_000_000, b"\xff\x00k", None, (("ce_id", b"\xc3\x28"), ("x", None)))


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    evidence = Evidence(
        Circumstances(partitions=12, label="seed 7"),
        history=[ClientEvent("invoke", "command", "1", "ann", 0.5, sent={"type": "join"})],
        commands=[RECORD],
        redis_matches=[RedisMatch("m", {"public": "č\n".encode(), "version": b"1"}, None)],
        checkpoints=[Place(0, 5, None, None, -1)],
        connections=[Connection("c", None, "m", 1, "cut", None, (Frame(2, "view", 4, '{"a": "\u010d"}'),))],
        matches=[MatchRow("m", "rps", "ended", 3, 0, "score", [2, 0], {}, {"id": "m"}, 1, None, 2, 0)],
        faults=[],
    )
    save(evidence, tmp_path)
    assert load(tmp_path) == evidence


def test_what_nobody_collected_stays_unknown(tmp_path: Path) -> None:
    save(Evidence(faults=[Fault(1.0, "SIGKILL", "engine-1")]), tmp_path)
    save(Evidence(), tmp_path)
    loaded = load(tmp_path)
    assert [getattr(loaded, one.name) for one in fields(Evidence)[1:]] == [None] * (len(fields(Evidence)) - 1)
