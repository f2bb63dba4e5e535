"""A store that is away: 503 for what needs it, nothing else; and /readyz tells."""

from structlog.testing import capture_logs

from gateway_api.readiness import CHECKS
from infra.stack.trial import Trial
from schemas import ids, keys
from tests.gateway_api.client import Player, wait_until
from tests.gateway_api.conftest import Running, Start

UNKNOWN = "/v1/matches/00000000-0000-5000-8000-000000000000"
COMMAND = "00000000-0000-5000-8000-000000000001"


async def checks(gateway: Running) -> dict[str, bool]:
    async with gateway.http() as http:
        answer = await http.get("/readyz")
    body = answer.json()
    assert answer.status_code == (200 if body["ready"] else 503)
    return {name: check["ok"] for name, check in body["checks"].items()}


async def test_it_is_not_ready_while_nobody_judges(gateway: Running) -> None:
    found = await checks(gateway)
    assert set(found) == set(CHECKS)
    assert (found["kafka"], found["redis"], found["keys"]) == (True, True, True)
    assert (found["engine"], found["session"]) == (False, False)


async def test_commands_that_get_no_outcome_are_noticed(gateway: Running) -> None:
    """The double's progress stands still, as a dead session worker's does."""
    ann = await gateway.guest()
    await ann.new_match()

    async def stuck() -> bool:
        return not (await checks(gateway))["flow"]

    await wait_until(stuck)


async def test_a_progress_that_cannot_be_read_is_said_and_the_gateway_stays(gateway: Running) -> None:
    place = keys.progress(3)
    before = await gateway.double.redis.get(place)
    assert before is not None

    async def told() -> bool:
        async with gateway.http() as http:
            return "partitions 3" in (await http.get("/readyz")).json()["checks"]["flow"].get("reason", "")

    async def over() -> bool:
        return not await told()

    await gateway.double.redis.set(place, b"{}")
    try:
        await wait_until(told)
    finally:
        await gateway.double.redis.set(place, before)
    await wait_until(over)


async def test_without_redis_commands_are_taken_and_reading_is_503(gateway: Running, stack: Trial) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    stack.redis.pause()
    try:
        answer = await ann.post("/v1/matches", {"game": "rps"}, wait=1)
        assert answer.status_code == 202
        for path in (f"/v1/matches/{match}", f"{UNKNOWN}/events", f"{UNKNOWN}/commands/{COMMAND}"):
            read = await ann.get(path)
            assert (read.status_code, read.json()["code"]) == (503, "redis_away")
            assert "retry-after" in read.headers
        assert (await ann.get(f"/v1/players/{ann.id}/matches")).status_code == 200
        assert not (await checks(gateway))["redis"]
    finally:
        stack.redis.resume()
    await wait_until(lambda: reads(ann, match))


async def test_a_stream_outlives_a_redis_that_hangs(gateway: Running, stack: Trial) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    async with ann.stream(match) as stream:
        await stream.view()
        stack.redis.pause()
        try:
            await wait_until(lambda: redis_is_missed(gateway))
        finally:
            stack.redis.resume()
        await wait_until(lambda: reads(ann, match))
        await gateway.double.advance(match)
        assert (await stream.view(10)).id == 2


async def test_without_postgres_only_history_is_503(gateway: Running, stack: Trial) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    stack.postgres.kill()
    try:
        assert (await ann.get(f"/v1/matches/{match}")).status_code == 200
        for path in (f"/v1/matches/{match}/history", f"/v1/players/{ann.id}/matches"):
            answer = await ann.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "postgres_away")
    finally:
        stack.postgres.start()


async def test_without_kafka_commands_are_503_and_flow_again_by_themselves(start: Start, stack: Trial) -> None:
    async with start() as one:
        ann = await one.guest()
        match = await ann.new_match()
        stack.kafka.pause()
        try:
            with capture_logs() as said:
                answer = await ann.post("/v1/matches", {"game": "rps"}, key="later")
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            [line] = [line for line in said if line["event"] == "command_not_taken"]
            assert line["command_id"] == ids.command_id(ann.id, "POST", "/v1/matches", "later")
            assert "retry-after" in answer.headers
            assert (await ann.get(f"/v1/matches/{match}")).status_code == 200
        finally:
            stack.kafka.resume()

        async def taken() -> bool:
            return (await ann.post("/v1/matches", {"game": "rps"}, key="later")).status_code == 201

        await wait_until(taken, seconds=60)


async def test_without_auth_signing_in_is_503_and_playing_goes_on(start: Start) -> None:
    async with start() as one:
        ann = await one.guest()
        await ann.new_match()
        one.gateway._proxy._http.base_url = "http://127.0.0.1:9"  # nobody listens there
        async with one.http() as http:
            answer = await http.post("/auth/v1/guests", json={})
        assert (answer.status_code, answer.json()["code"]) == (503, "auth_away")
        await ann.new_match()


async def reads(player: Player, match: str) -> bool:
    return (await player.get(f"/v1/matches/{match}")).status_code == 200


async def redis_is_missed(gateway: Running) -> bool:
    return not (await checks(gateway))["redis"]
