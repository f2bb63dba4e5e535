"""PostgreSQL answers but takes nothing: a passing state, not a mistake of ours."""

from collections.abc import AsyncIterator

import pytest

from tests.auth_api.conftest import Running
from tests.auth_api.test_upkeep import pool_of

pytestmark = pytest.mark.stack
STATES = {"disk_full": "53100", "read_only": "25006", "deadlock": "40P01", "shutting_down": "57P05"}


@pytest.fixture(params=STATES)
async def refusing(auth: Running, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """New players are refused with such a state."""
    pool, state = pool_of(auth), STATES[request.param]
    await pool.execute(
        "CREATE OR REPLACE FUNCTION auth.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{state}'; END $$"
    )
    await pool.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON auth.players FOR EACH ROW EXECUTE FUNCTION auth.refuse()"
    )
    yield
    await pool.execute("DROP TRIGGER refuse ON auth.players")
    await pool.execute("DROP FUNCTION auth.refuse")


@pytest.mark.usefixtures("refusing")
async def test_given_a_postgres_that_takes_nothing_now_then_a_guest_is_asked_to_come_back(auth: Running) -> None:
    answer = await auth.http.post("/auth/v1/guests", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "postgres_away")
    assert "retry-after" in answer.headers
