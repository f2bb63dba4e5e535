"""What can go wrong with what clients see: streams and reads."""

import json
from dataclasses import replace

from tests.proof.evidence import Evidence
from tests.proof.tampers.tools import (
    change,
    find,
)


def frames_go_back(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: len([f for f in one.frames if f.event == "view"]) > 2)
    first, second, *rest = (evidence.connections or [])[index].frames
    change(evidence.connections, index, frames=(second, first, *rest))


def a_frame_comes_twice(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: len(one.frames) > 1)
    first, *rest = (evidence.connections or [])[index].frames
    change(evidence.connections, index, frames=(first, first, *rest))


def the_newest_view_is_never_sent(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: one.ended == "open")
    change(evidence.connections, index, frames=(evidence.connections or [])[index].frames[:-1])


def a_frame_shows_another_ones_secret(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: one.player is None)
    first, *rest = (evidence.connections or [])[index].frames
    shown = {**json.loads(first.data), "mine": {"shape": "rock"}}
    change(evidence.connections, index, frames=(replace(first, data=json.dumps(shown)), *rest))


def a_client_is_told_too_soon_that_it_is_over(evidence: Evidence) -> None:
    index = find(evidence.connections, lambda one: one.ended == "open")
    connection = (evidence.connections or [])[index]
    change(
        evidence.connections,
        index,
        frames=(*connection.frames, replace(connection.frames[-1], event="end", id=None)),
    )


def a_read_is_older_than_what_its_reader_knew(evidence: Evidence) -> None:
    index = find(evidence.history, lambda one: one.action == "view" and one.kind == "ok" and one.version > 1)
    change(evidence.history, index, version=1, answer=None)
