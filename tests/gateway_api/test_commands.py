"""Commands over HTTP: answers, waiting, repeats."""

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
