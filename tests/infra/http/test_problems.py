"""Problems from every kind of error of an application, over its real ASGI interface."""

from typing import Annotated

import httpx2
import pytest
from fastapi import FastAPI, Path
from pydantic import BaseModel, ConfigDict, Field

from infra.http import problems
from infra.http.body import StrictRoute
from infra.http.trace import Trace


class Move(BaseModel):
    model_config = ConfigDict(extra="forbid")
    shape: Annotated[str, Field(pattern="^[a-z]+$", max_length=8)]
    count: Annotated[int, Field(ge=1, le=9)] = 1


def application() -> FastAPI:
    app = FastAPI(docs_url=None, openapi_url=None)
    app.router.route_class = StrictRoute
    problems.install(app)

    @app.post("/moves/{number}")
    async def move(number: Annotated[int, Path(le=5)], body: Move) -> int:
        return number + body.count

    @app.get("/bug")
    async def bug() -> None:
        raise RuntimeError("a secret")

    @app.get("/away")
    async def away() -> None:
        raise problems.away("redis", 3)

    return app


@pytest.fixture
async def http() -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=Trace(application()), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


async def test_a_good_request_passes(http: httpx2.AsyncClient) -> None:
    assert (await http.post("/moves/1", json={"shape": "rock"})).json() == 2


@pytest.mark.parametrize(
    ("path", "body", "pointer", "words"),
    [
        ("/moves/1", {}, "/shape", "is required"),
        ("/moves/1", {"shape": "SECRET"}, "/shape", "is not of the right form"),
        ("/moves/1", {"shape": "secretsecret"}, "/shape", "is too long"),
        ("/moves/1", {"shape": 1}, "/shape", "must be of type string"),
        ("/moves/1", {"shape": "a", "count": 10}, "/count", "is too large"),
        ("/moves/1", {"shape": "a", "count": "secret"}, "/count", "must be of type int"),
        ("/moves/1", {"shape": "a", "secret": 1}, "", "has a field that is not known"),
        ("/moves/6", {"shape": "a"}, "path/number", "is too large"),
        ("/moves/secret", {"shape": "a"}, "path/number", "must be of type int"),
    ],
)
async def test_wrong_input_is_named_and_not_echoed(
    http: httpx2.AsyncClient, path: str, body: dict[str, object], pointer: str, words: str
) -> None:
    answer = await http.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": pointer, "detail": words}]
    assert "secret" not in answer.text.lower()


async def test_our_own_bug_tells_nothing(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text


async def test_a_store_that_is_away_says_when_to_come_again(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/away")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "redis_away", "3")


async def test_a_problem_has_the_members_of_rfc_9457(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/nowhere")
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (body["type"], body["title"], body["status"]) == ("about:blank", "Not Found", 404)
    assert len(body["trace_id"]) == 32
