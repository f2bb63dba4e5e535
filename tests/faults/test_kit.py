"""The injection kit itself: links, crash points, bugs and the registry of rows."""

import asyncio
import contextlib
import struct
import subprocess
import sys

import pytest

from tests.faults.bugs import BUGS
from tests.faults.crashing import POINTS, find
from tests.faults.links import Links
from tests.faults.players import Notes
from tests.faults.rows import ROWS, SHORT, chosen
from tests.proof.evidence import ClientEvent

FRAME = struct.pack("!ihh", 12, 0, 9) + b"outcomes"
OTHER = struct.pack("!ihh", 12, 3, 9) + b"metadata"


class Echo:
    """A server that answers what it hears and keeps it."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.port = 0

    async def __aenter__(self) -> "Echo":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.wait_for(self._server.wait_closed(), 5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                self.heard += data
                writer.write(data)
        writer.close()

    async def hears(self, wanted: bytes) -> bool:
        for _ in range(200):
            if bytes(self.heard) == wanted:
                return True
            await asyncio.sleep(0.02)
        return False


@pytest.fixture
def links():  # type: ignore[no-untyped-def]
    kit = Links()
    yield kit
    kit.close()


async def test_a_link_passes_what_it_is_given(links: Links) -> None:
    async with Echo() as echo:
        link = links.open("plain", echo.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        links.change("plain", sliced=True)
        writer.write(b"x" * 200)
        assert await asyncio.wait_for(reader.readexactly(200), 5) == b"x" * 200
        writer.close()


async def test_a_blocked_way_passes_nothing_until_it_is_healed(links: Links) -> None:
    async with Echo() as echo:
        link = links.open("blocked", echo.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        links.block("blocked", "down")
        writer.write(b"question")
        assert await echo.hears(b"question")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        links.heal()
        assert await asyncio.wait_for(reader.readexactly(8), 5) == b"question"
        writer.close()


async def test_a_held_request_arrives_after_its_client_has_gone(links: Links) -> None:
    async with Echo() as echo:
        link = links.open("held", echo.port, frames=True)
        hold = links.hold("held", b"outcomes")
        _, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(OTHER + FRAME)
        assert await echo.hears(OTHER)
        assert await asyncio.to_thread(hold.caught.wait, 5)
        writer.close()
        await writer.wait_closed()
        links.release(hold)
        assert await echo.hears(OTHER + FRAME)


async def test_a_reset_reaches_the_client(links: Links) -> None:
    async with Echo() as echo:
        link = links.open("reset", echo.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(b"hello")
        assert await asyncio.wait_for(reader.readexactly(5), 5) == b"hello"
        links.reset("reset")
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 5)
        writer.close()


@pytest.mark.parametrize("place", [place for place, _ in POINTS.values()])
def test_every_crash_point_is_there(place: str) -> None:
    find(place)


@pytest.mark.parametrize("bug", BUGS)
def test_every_bug_fits_its_service(bug: str) -> None:
    code = f"from tests.faults import bugs; bugs.install({bug!r}, {BUGS[bug].service!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert [row.name for row in ROWS].count(BUGS[bug].row) == 1


def test_rows_are_chosen_by_name_with_their_parts() -> None:
    assert [row.name for row in chosen("f1,F4")] == ["F1", "F1b", "F4"]
    assert chosen("") == ROWS
    assert {row.name for row in ROWS} >= set(SHORT)
    with pytest.raises(LookupError):
        chosen("F99")
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_a_cut_is_over_with_the_first_answer_and_the_wait_with_the_outcome() -> None:
    def event(kind: str, call: str, at: float, status: int | None = None, key: str = "a") -> ClientEvent:
        return ClientEvent(kind, "command", call, "ann", at, key=key, status=status)  # type: ignore[arg-type]

    early = [event("invoke", "0", -9.0), event("info", "0", -8.9, status=503)]
    cut = [event("invoke", "1", 0.0), event("info", "1", 1.0)]
    unavailable = [event("invoke", "2", 5.0), event("info", "2", 5.1, status=503)]
    through = [event("invoke", "3", 5.4), event("ok", "3", 5.6, status=200)]
    never_cut = [event("invoke", "4", 6.0, key="b"), event("ok", "4", 9.0, status=200, key="b")]
    assert Notes([*cut, *early, *cut, *unavailable, *through, *never_cut]).regained() == pytest.approx(0.6)


def test_a_wait_counts_for_the_return_before_it_until_the_next_fault() -> None:
    notes = Notes(waits=[(1.0, 4.5), (8.0, 19.0)])  # faults at 1 and 9; back at 4 and 18
    assert notes.after_returns([4.0, 18.0], [9.0, 1.0]) == pytest.approx(1.0)
    assert notes.after_returns([4.0], [1.0]) == pytest.approx(11.0)
    assert Notes().after_returns([4.0], []) == 0.0
    assert notes.longest() == pytest.approx(11.0)
    assert notes.longest(18.0) == pytest.approx(1.0)
    assert notes.longest(20.0) == 0.0
