"""What comes from PostgreSQL: histories, pages, and matches that Redis has forgotten."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from tests.gateway_api.conftest import Running, Start
from tests.gateway_api.double import new_view

BEGIN = datetime(2026, 11, 21, 8, 0, 0, 123000, UTC)


async def store_match(gateway: Running, seats: list[str | None], *, nth: int = 0, **changes: Any) -> str:
    """A match as the sink writes it."""
    match = str(uuid.uuid4())
    view = {**new_view(match, "rps", seats), **changes}
    connection = await asyncpg.connect(gateway.postgres_url)
    at = BEGIN + timedelta(seconds=nth)
    await connection.execute(
        "INSERT INTO history.matches (id, game, status, version, score, options, view, created_at, updated_at,"
        " partition) VALUES ($1, 'rps', $2, $3, '{0,0}', $4, $5, $6, $6, 0)",
        uuid.UUID(match),
        view["status"],
        view["version"],
        orjson.dumps(view["options"]).decode(),
        orjson.dumps(view).decode(),
        at,
    )
    for seat, player in enumerate(seats):
        if player:
            await connection.execute(
                "INSERT INTO history.seats VALUES ($1, $2, $3)", uuid.UUID(match), seat, player
            )
    await connection.close()
    return match


async def store_events(gateway: Running, match: str, events: list[tuple[int, str, dict[str, Any]]]) -> None:
    connection = await asyncpg.connect(gateway.postgres_url)
    for ordinal, (version, kind, body) in enumerate(events):
        await connection.execute(
            'INSERT INTO history.events (match_id, version, ordinal, at, type, body, partition, "offset")'
            " VALUES ($1, $2, $3, $4, $5, $6, 0, 0)",
            uuid.UUID(match),
            version,
            ordinal,
            BEGIN,
            kind,
            orjson.dumps(body).decode(),
        )
    await connection.close()


async def test_history_shows_events_up_to_the_first_unsettled_secret(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await store_match(gateway, [ann.id, None])
    thrown = "rps.shape-thrown.v1"
    events: list[tuple[int, str, dict[str, Any]]] = [
        (1, thrown, {"seat": 0, "shape": "rock"}),
        (2, thrown, {"seat": 1, "shape": "rock"}),
        (2, "match.round-ended.v1", {"winner": None, "missed": []}),
        (3, thrown, {"seat": 0, "shape": "paper"}),
        (4, "match.rematch-asked.v1", {"seat": 1}),
    ]
    await store_events(gateway, match, events)
    body = (await ann.get(f"/v1/matches/{match}/history")).json()
    assert [event["version"] for event in body["events"]] == [1, 2, 2]
    assert body["events"][0] == {
        "version": 1,
        "at": "2026-11-21T08:00:00.123Z",
        "type": thrown,
        "seat": 0,
        "shape": "rock",
    }
    assert body["match"]["seats"] == [{"player": ann.id, "name": ann.name}, None]
    assert "paper" not in str(body)


async def test_a_players_matches_come_in_pages_the_newest_first(gateway: Running) -> None:
    ann = await gateway.guest()
    stored = [await store_match(gateway, [ann.id, "computer"], nth=n // 2) for n in range(7)]
    found: list[str] = []
    cursor = ""
    while True:
        page = (await ann.get(f"/v1/players/{ann.id}/matches?limit=3{cursor}")).json()
        found += [row["id"] for row in page["matches"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(found) == sorted(stored)
    assert len(found) == 7
    assert stored[6] == found[0]


async def test_a_list_names_who_played(gateway: Running) -> None:
    ann = await gateway.guest()
    await store_match(gateway, [ann.id, "computer"])
    [row] = (await ann.get(f"/v1/players/{ann.id}/matches")).json()["matches"]
    assert row["seats"] == [{"player": ann.id, "name": ann.name}, {"player": "computer", "name": "Computer"}]
    assert (row["created_at"], row["ended_at"], row["ended_by"]) == ("2026-11-21T08:00:00.123Z", None, None)


@pytest.mark.parametrize("player", ["computer", "timer", "nobody", "COMPUTER", "00000000-0000-4000-8000"])
async def test_given_an_id_that_is_no_players_when_its_matches_are_asked_for_then_postgres_is_not(
    gateway: Running, player: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await gateway.guest()
    await store_match(gateway, [ann.id, player])

    async def asked(*_: Any) -> None:
        raise AssertionError("PostgreSQL was asked")

    monkeypatch.setattr(gateway.gateway._store, "matches_of", asked)
    answer = await ann.get(f"/v1/players/{player}/matches")
    assert (answer.status_code, answer.json()) == (200, {"matches": [], "next": None})


async def test_given_many_reads_of_history_when_one_more_comes_then_that_player_alone_waits(
    start: Start,
) -> None:
    async with start(gateway_limit_loopback=True, gateway_history_rate="2/hour") as gateway:
        ann, bob = await gateway.guest(), await gateway.guest()
        match = await store_match(gateway, [ann.id, None])
        list_of, history_of = f"/v1/players/{ann.id}/matches", f"/v1/matches/{match}/history"
        statuses = [(await ann.get(path)).status_code for path in (list_of, history_of, list_of, history_of)]
        assert statuses == [200, 200, 429, 429]
        refused = await ann.get(history_of)
        assert (refused.json()["code"], int(refused.headers["retry-after"]) > 3000) == ("too_many_requests", True)
        assert (await bob.get(list_of)).status_code == 200


async def test_wrong_pages_are_named(gateway: Running) -> None:
    ann = await gateway.guest()
    for query in (
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=1e2",
        "cursor=junk",
        "cursor=%00",
        "cursor=" + "A" * 32,
    ):
        answer = await ann.get(f"/v1/players/{ann.id}/matches?{query}")
        if query != "cursor=" + "A" * 32:  # a place before all matches
            assert answer.status_code == 422, query
            assert answer.json()["errors"][0]["pointer"].startswith("query/")


async def test_a_match_that_redis_forgot_is_read_from_postgres(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await store_match(gateway, [ann.id, None], version=5)
    answer = await ann.get(f"/v1/matches/{match}")
    assert (answer.status_code, answer.json()["version"], answer.json()["you"]) == (200, 5, 0)


async def test_histories_of_nothing_are_404(gateway: Running) -> None:
    ann = await gateway.guest()
    for match in (str(uuid.uuid4()), "x", "%00"):
        answer = await ann.get(f"/v1/matches/{match}/history")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_match")
    empty = await ann.get("/v1/players/nobody/matches")
    assert empty.json() == {"matches": [], "next": None}
