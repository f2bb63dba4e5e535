"""Commands over HTTP: answers, waiting, repeats."""

import asyncio
import secrets

import orjson
import pytest

from infra.kafka.client import partition_of
from schemas import ids, keys
from schemas.topics import PARTITIONS
from tests.gateway_api.client import wait_until
from tests.gateway_api.conftest import Running

ROCK = {"type": "play", "move": {"shape": "rock"}, "round": 1}


async def test_a_new_match_is_answered_with_its_creators_view(gateway: Running) -> None:
    ann = await gateway.guest()
    answer = await ann.post("/v1/matches", {"game": "rps", "options": {"best_of": 3}})
    view = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/matches/{view['id']}"
    assert answer.headers["preference-applied"] == "wait=5"
    assert answer.headers["etag"] == '"1.0"'
    assert view["you"] == 0
    assert view["seats"] == [{"player": ann.id, "name": ann.name}, None]


async def test_without_prefer_the_command_is_taken_and_its_place_named(gateway: Running) -> None:
    ann = await gateway.guest()
    answer = await ann.post("/v1/matches", {"game": "rps"}, key="k1", wait=None)
    command = ids.command_id(ann.id, "POST", "/v1/matches", "k1")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/matches/{ids.match_id(command)}"
    assert answer.json() == {"match": ids.match_id(command), "command": command}
    assert answer.headers["retry-after"] == "1"
    await wait_until(lambda: known(gateway, command))


async def test_a_command_is_a_cloudevent_keyed_by_its_match(gateway: Running) -> None:
    ann = await gateway.guest()
    trace = secrets.token_hex(16)
    answer = await ann.post("/v1/matches", {"game": "rps"}, key="k", traceparent=f"00-{trace}-{'1' * 16}-01")
    command, match = ids.command_id(ann.id, "POST", "/v1/matches", "k"), answer.json()["id"]
    [record] = gateway.double.records[command]
    headers = dict(record.headers)
    value = orjson.loads(record.value)
    assert record.key == match.encode()
    assert record.partition == partition_of(match.encode(), PARTITIONS)
    assert headers["ce_id"] == command.encode()
    assert headers["ce_type"] == b"org.playlog.match.create.v1"
    assert headers["traceparent"].startswith(f"00-{trace}-".encode())
    assert value["player"] == ann.id
    assert len(value["entropy"]) == 32


async def test_a_players_move_is_shown_to_that_player_alone(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    joined = await bob.send(match, {"type": "join"})
    assert joined.json()["you"] == 1
    played = await bob.send(match, ROCK)
    assert played.json()["mine"] == {"shape": "rock"}
    seen = (await ann.get(f"/v1/matches/{match}")).json()
    assert seen["moved"] == [False, True]
    assert seen["mine"] is None


async def test_fifty_parallel_repeats_are_one_command_with_one_answer(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    await bob.send(match, {"type": "join"})
    answers = await asyncio.gather(*(ann.send(match, ROCK, key="move-1", wait=10) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert gateway.double.matches[match]["version"] == 3


async def test_a_quoted_key_is_the_same_key(gateway: Running) -> None:
    ann = await gateway.guest()
    first = await ann.post("/v1/matches", {"game": "rps"}, key='"again"')
    second = await ann.post("/v1/matches", {"game": "rps"}, key="again")
    assert first.json()["id"] == second.json()["id"]


async def test_a_known_result_answers_a_repeat_without_a_second_record(gateway: Running) -> None:
    ann = await gateway.guest()
    first = await ann.post("/v1/matches", {"game": "rps"}, key="once")
    second = await ann.post("/v1/matches", {"game": "rps"}, key="once")
    assert second.content == first.content
    assert len(gateway.double.records[ids.command_id(ann.id, "POST", "/v1/matches", "once")]) == 1


async def test_a_key_with_another_body_is_refused(gateway: Running) -> None:
    ann = await gateway.guest()
    await ann.post("/v1/matches", {"game": "rps"}, key="same")
    other = await ann.post("/v1/matches", {"game": "rpsfw"}, key="same")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_a_key_with_another_body_is_refused_without_waiting_for_it(gateway: Running) -> None:
    ann = await gateway.guest()
    await ann.post("/v1/matches", {"game": "rps"}, key="same")
    other = await ann.post("/v1/matches", {"game": "rpsfw"}, key="same", wait=None)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    again = await ann.post("/v1/matches", {"game": "rps"}, key="same", wait=None)
    assert again.status_code == 202


async def test_a_reused_key_is_told_by_the_hint_when_redis_forgot_the_first_result(gateway: Running) -> None:
    ann = await gateway.guest()
    await ann.post("/v1/matches", {"game": "rps"}, key="lost")
    await gateway.redis.delete(keys.command(ids.command_id(ann.id, "POST", "/v1/matches", "lost")))
    other = await ann.post("/v1/matches", {"game": "rpsfw"}, key="lost")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize("foreign", [b"", b"nonsense", b"[]", b"{}", b'{"status":"accepted"}'])
async def test_what_is_no_result_in_redis_is_as_good_as_none(gateway: Running, foreign: bytes) -> None:
    ann = await gateway.guest()
    first = await ann.post("/v1/matches", {"game": "rps"}, key="lost")
    command = ids.command_id(ann.id, "POST", "/v1/matches", "lost")
    await gateway.redis.set(keys.command(command), foreign)
    status = await ann.get(f"/v1/matches/{first.json()['id']}/commands/{command}")
    assert (status.status_code, status.json()["status"]) == (200, "pending")
    again = await ann.post("/v1/matches", {"game": "rps"}, key="lost")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])


async def test_the_same_key_of_two_players_means_two_commands(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    first = await ann.post("/v1/matches", {"game": "rps"}, key="mine")
    second = await bob.post("/v1/matches", {"game": "rps"}, key="mine")
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"type": "play", "move": {"shape": "rock"}}, 403, "not_seated"),
        ({"type": "join"}, 409, "match_full"),
    ],
)
async def test_a_rejection_is_a_problem_with_its_code(
    gateway: Running, body: object, status: int, code: str
) -> None:
    ann, bob, eve = await gateway.guest(), await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    await bob.send(match, {"type": "join"})
    answer = await eve.send(match, body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


async def test_a_repeat_of_a_rejected_command_gets_the_same_rejection(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    await (await gateway.guest()).send(match, {"type": "join"})
    gun = {"type": "play", "move": {"shape": "gun"}}
    answers = [await ann.send(match, gun, key="gun") for _ in range(2)]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(422, "unknown_move")] * 2


async def test_two_keys_for_one_turn_are_one_accepted_and_one_rejected(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    await bob.send(match, {"type": "join"})
    answers = await asyncio.gather(*(ann.send(match, ROCK) for _ in range(2)))
    assert sorted(a.status_code for a in answers) == [200, 409]


async def test_an_unknown_match_may_still_come(gateway: Running) -> None:
    ann = await gateway.guest()
    answer = await ann.send("00000000-0000-5000-8000-000000000000", {"type": "join"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_match")
    assert answer.headers["retry-after"] == "1"


async def test_a_lost_hint_is_made_good(gateway: Running) -> None:
    ann = await gateway.guest()
    gateway.double.hints = False
    try:
        answer = await ann.post("/v1/matches", {"game": "rps"})
    finally:
        gateway.double.hints = True
    assert answer.status_code == 201


async def test_not_in_time_is_202_and_the_status_tells_later(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    gateway.double.paused.clear()
    try:
        answer = await bob.send(match, {"type": "join"}, wait=1)
        pending = await bob.get(answer.headers["location"])
    finally:
        gateway.double.paused.set()
    assert answer.status_code == 202
    assert pending.json() == {"status": "pending", "version": None, "code": None}
    await wait_until(lambda: known(gateway, answer.json()["command"]))
    assert (await bob.get(answer.headers["location"])).json() == {"status": "accepted", "version": 2, "code": None}


async def test_three_commands_at_once_are_one_too_many(gateway: Running) -> None:
    ann = await gateway.guest()
    match = await ann.new_match()
    gateway.double.paused.clear()
    try:
        sent = [asyncio.create_task(ann.send(match, {"type": "rematch"}, wait=2)) for _ in range(3)]
        answers = await asyncio.gather(*sent)
    finally:
        gateway.double.paused.set()
    assert sorted(a.status_code for a in answers) == [202, 202, 429]
    refused = next(a for a in answers if a.status_code == 429)
    assert refused.json()["code"] == "too_many_requests"
    assert refused.headers["retry-after"] == "1"


async def known(gateway: Running, command: str) -> bool:
    return bool(await gateway.redis.exists(keys.command(command)))
