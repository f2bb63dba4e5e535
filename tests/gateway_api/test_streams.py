"""Event streams: resume, order, ends, limits, slow readers."""

import socket
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest

from gateway_api import sse
from infra.metrics import SSE_DROPPED
from schemas import keys
from tests.gateway_api.client import Player, wait_until
from tests.gateway_api.conftest import Running, Start


async def test_a_stream_begins_with_the_newest_view_and_goes_on(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    async with ann.stream(match) as stream:
        first = await stream.view()
        await bob.send(match, {"type": "join"})
        second = await stream.view()
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-cache"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.comments[0].startswith("retry: ")
    assert (first.id, second.id) == (1, 2)
    assert second.data["seats"][1] == {"player": bob.id, "name": bob.name}
    assert second.data["you"] == 0


@pytest.mark.parametrize("shown", [True, False])
async def test_each_audience_sees_its_own_part_whether_or_not_hints_carry_views(
    gateway: Running, monkeypatch: pytest.MonkeyPatch, shown: bool
) -> None:
    monkeypatch.setattr(gateway.double, "shown", shown)
    ann, bob, eve = await gateway.guest(), await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    await bob.send(match, {"type": "join"})
    async with ann.stream(match) as a, bob.stream(match) as b, eve.stream(match) as e:
        seen = [await stream.view() for stream in (a, b, e)]
        await bob.send(match, {"type": "play", "move": {"shape": "paper"}})
        seen = [await stream.view() for stream in (a, b, e)]
    assert [view.id for view in seen] == [3, 3, 3]
    assert [(view.data["you"], view.data["mine"]) for view in seen] == [
        (0, None),
        (1, {"shape": "paper"}),
        (None, None),
    ]


async def test_a_spectator_who_joins_is_seated_in_the_same_stream(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    async with bob.stream(match) as stream:
        assert (await stream.view()).data["you"] is None
        await bob.send(match, {"type": "join"})
        assert (await stream.view()).data["you"] == 1
        await bob.send(match, {"type": "play", "move": {"shape": "rock"}})
        assert (await stream.view()).data["mine"] == {"shape": "rock"}


@pytest.mark.parametrize("seen", ["", "junk", "-1", "1e3", "9" * 300, "999999", "' OR 1=1 --", "\u0661"])
async def test_a_senseless_last_event_id_counts_as_none(gateway: Running, seen: str) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    async with ann.stream(match, last_event_id=seen) as stream:
        assert (await stream.view()).id == 1


async def test_a_resumed_stream_sends_only_what_is_newer(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    await gateway.double.advance(match)
    async with ann.stream(match, last_event_id="1") as stream:
        assert (await stream.view()).id == 2
    async with ann.stream(match, last_event_id="2") as stream:
        await gateway.double.advance(match)
        assert (await stream.view()).id == 3


async def test_ids_strictly_rise_while_versions_pour_in(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    async with ann.stream(match) as stream:
        for _ in range(200):
            last = await gateway.double.advance(match)
        found = [await stream.view()]
        while found[-1].id != last:
            found.append(await stream.view())
    numbers = [view.id for view in found]
    assert numbers == sorted(set(numbers), key=int)  # type: ignore[arg-type]
    assert all(view.data["version"] == view.id for view in found)


async def test_a_lost_hint_costs_at_most_the_polls_interval(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    async with ann.stream(match) as stream:
        await stream.view()
        gateway.double.hints = False
        try:
            await gateway.double.advance(match)
            assert (await stream.view(3)).id == 2
        finally:
            gateway.double.hints = True


async def test_a_finished_match_ends_the_stream(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    async with ann.stream(match) as stream:
        await stream.view()
        await gateway.double.advance(match, status="ended", deadline=None, ended_by="time")
        assert (await stream.view()).data["status"] == "ended"
        end = await stream.event()
        assert end is not None
        assert (end.name, end.id, end.data) == ("end", None, {})
        assert await stream.event() is None
    async with ann.stream(match, last_event_id="2") as again:
        ended = await again.event()
        assert ended is not None
        assert ended.name == "end"


async def test_an_unknown_match_has_no_stream(gateway: Running) -> None:
    ann = await gateway.guest()
    for match in ("00000000-0000-5000-8000-000000000000", "nonsense"):
        async with ann.stream(match) as stream:
            assert stream.status == 404
            assert stream.headers["retry-after"] == "1"


async def test_a_fifth_stream_of_one_player_is_refused_until_one_ends(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(ann.stream(match)) for _ in range(5)]
        assert [stream.status for stream in streams] == [200, 200, 200, 200, 429]
        async with bob.stream(match) as other:
            assert other.status == 200
        streams[0].writer.close()
        await wait_until(lambda: status_is(ann, match, 200))
    await wait_until(lambda: no_streams(gateway))


async def test_a_process_has_a_cap_on_streams(start: Start) -> None:
    async with start(gateway_streams=1) as small:
        ann, bob = await small.guest(), await small.guest()
        match = await ann.new_match()
        async with ann.stream(match) as first, bob.stream(match) as second:
            assert (first.status, second.status) == (200, 503)
            assert "retry-after" in second.headers


async def test_streams_of_one_address_are_limited_where_settings_say_so(start: Start) -> None:
    async with start(gateway_limit_loopback=True, gateway_streams_per_address=1) as limited:
        ann, bob = await limited.guest(), await limited.guest()
        match = await ann.new_match()
        async with ann.stream(match) as first, bob.stream(match) as second:
            assert (first.status, second.status) == (200, 429)


async def test_a_stream_ends_when_the_process_stops(start: Start) -> None:
    async with start() as one:
        ann = await one.guest()
        match = await ann.new_match()
        async with ann.stream(match) as stream:
            await stream.view()
            one.gateway.streams.end()
            assert await stream.event() is None


async def test_a_stream_ends_when_the_token_expires(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MOST_SECONDS", 1.0)
    ann = await gateway.guest()
    match = await ann.new_match()
    async with ann.stream(match) as stream:
        await stream.view()
        last = await stream.event()
        assert last is not None
        assert last.name == "expired"
        assert await stream.event() is None


async def test_a_reader_that_takes_nothing_is_dropped_and_its_slot_is_free(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "SEND_SECONDS", 1.0)
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    before = SSE_DROPPED.labels("slow")._value.get()
    with deaf(ann, match) as sock:
        padding = "x" * 60_000

        async def dropped() -> bool:
            await gateway.double.advance(match, game=padding)
            return bool(SSE_DROPPED.labels("slow")._value.get() > before)

        async with bob.stream(match) as other:
            await wait_until(dropped)
            assert (await other.view()).id is not None
        await wait_until(lambda: no_streams(gateway))
        with pytest.raises((ConnectionError, BrokenPipeError, TimeoutError)):
            drain(sock)


async def test_a_stream_of_a_match_that_redis_forgot_comes_from_postgres(gateway: Running) -> None:
    from tests.gateway_api.test_history import store_match

    ann = await gateway.guest()
    match = await store_match(gateway, [ann.id, None], status="ended", deadline=None)
    assert not await gateway.redis.exists(keys.match(match))
    async with ann.stream(match) as stream:
        assert (await stream.view()).data["you"] == 0
        end = await stream.event()
        assert end is not None
        assert end.name == "end"


def deaf(player: Player, match: str) -> socket.socket:
    """A connection that asks for a stream and never reads, with a small window."""
    parts = urlsplit(player.url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect((parts.hostname, parts.port))
    head = f"GET /v1/matches/{match}/events HTTP/1.1\r\nhost: {parts.netloc}\r\n"
    sock.sendall(f"{head}authorization: Bearer {player.token}\r\n\r\n".encode())
    return sock


def drain(sock: socket.socket) -> None:
    """Read to the end; a cut connection is reset."""
    sock.settimeout(5)
    while sock.recv(1 << 16):
        pass
    raise ConnectionError("ended")


async def status_is(player: Player, match: str, status: int) -> bool:
    async with player.stream(match) as stream:
        return stream.status == status


async def no_streams(gateway: Running) -> bool:
    return gateway.gateway.streams.slots.open == 0
