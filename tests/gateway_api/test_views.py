"""Reading a match: view, ETag, games, and what other origins may not."""

from tests.gateway_api.conftest import Running


async def test_the_etag_confirms_the_newest_view_to_its_own_seat_alone(gateway: Running) -> None:
    ann, eve = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    path = f"/v1/matches/{match}"
    first = await ann.get(path)
    tag = first.headers["etag"]
    assert (await ann.get(path, if_none_match=tag)).status_code == 304
    assert (await ann.get(path, if_none_match=f'W/"x", {tag}')).status_code == 304
    assert (await eve.get(path, if_none_match=tag)).status_code == 200
    await gateway.double.advance(match)
    newer = await ann.get(path, if_none_match=tag)
    assert (newer.status_code, newer.json()["version"]) == (200, 2)


async def test_a_view_is_for_its_caller_alone(gateway: Running) -> None:
    ann = await gateway.guest()
    answer = await ann.get(f"/v1/matches/{await ann.new_match()}")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["vary"] == "Authorization, Cookie"


async def test_a_304_has_no_body_and_keeps_the_tag(gateway: Running) -> None:
    ann = await gateway.guest()
    path = f"/v1/matches/{await ann.new_match()}"
    answer = await ann.get(path, if_none_match="*")
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1.0"')


async def test_games_say_how_they_are_played(gateway: Running) -> None:
    ann = await gateway.guest()
    games = {game["name"]: game for game in (await ann.get("/v1/games")).json()["games"]}
    assert games["rps"]["options"]["best_of"]["default"] == 7
    assert games["rpsfw"]["options"]["best_of"]["default"] == 15
    assert games["rps"]["move"]["required"] == ["shape"]


async def test_the_author_reads_what_the_command_wrote_on_any_gateway(gateway: Running) -> None:
    ann, bob = await gateway.guest(), await gateway.guest()
    match = await ann.new_match()
    for body in ({"type": "join"}, {"type": "play", "move": {"shape": "rock"}}):
        written = (await bob.send(match, body)).json()
        assert (await bob.get(f"/v1/matches/{match}")).json() == written
