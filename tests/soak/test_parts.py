"""Evidence comes back from its parts, each piece in the partition that it is about."""

from pathlib import Path

from tests.proof.evidence import ClientEvent, Connection, RedisResult
from tests.proof.rules.ids import command_id, match_id, partition_of
from tests.soak.parts import Parts, by_call, by_result, home
from tests.soak.torrent import Batch

PLAYER = "00000000-0000-4000-8000-000000000001"


def test_pieces_come_back_where_they_were_put(tmp_path: Path) -> None:
    parts, stream = Parts(tmp_path), Connection("stream-1", PLAYER, "match", 1.0, "open")
    parts.add("connections", [(3, stream)])
    parts.add("batches", [(3, Batch(3, 10, ("a", "b"))), (4, Batch(4, 0, ("c",)))])
    parts.add("connections", [(3, stream)])
    found = parts.load(3)
    assert found.connections == [stream, stream]
    assert [(one.offset, one.id) for one in found.sends or []] == [(10, "a"), (11, "b")]
    assert parts.load(5).connections == []


def test_a_create_and_its_answer_go_to_the_match_it_opens() -> None:
    asked = {
        "action": "command",
        "call": "1",
        "client": PLAYER,
        "player": PLAYER,
        "key": "k",
        "path": "/v1/matches",
    }
    history = [
        ClientEvent(kind="invoke", at=1.0, **asked),  # type: ignore[arg-type]
        ClientEvent(kind="ok", action="command", call="1", client=PLAYER, at=2.0),
    ]
    match = match_id(command_id(PLAYER, "/v1/matches", "k"))
    assert [partition for partition, _ in by_call(history)] == [home(match)] * 2


def test_a_result_goes_to_the_match_that_it_names() -> None:
    match = "7b9c1d6e-0000-4000-8000-000000000001"
    bodies = [b'{"match": "%s"}' % match.encode(), b'{"match": null}', b"nonsense", b"[1]"]
    found = [partition for partition, _ in by_result(RedisResult("c", body) for body in bodies)]
    assert found == [partition_of(match, 12), 0, 0, 0]


def test_lines_of_services_are_sorted_by_partition(tmp_path: Path) -> None:
    lines = [
        '{"who": "session_worker-session/1", "partition": 2, "first": 0, "stretch": 1, "verdicts": "01"}',
        '{"who": "session_worker-session/1", "partition": 7, "first": 0, "stretch": 1, "verdicts": "1"}',
        '{"who": "session_wor',  # it died while it wrote
    ]
    (tmp_path / "session_worker.notes").write_text("\n".join(lines))
    parts = Parts(tmp_path / "parts")
    parts.cut_notes(tmp_path)
    assert [(one.offset, one.accepted) for one in parts.load(2).readings or []] == [(0, False), (1, True)]
    assert len(parts.load(7).readings or []) == 1
