"""No version is used that is known to be vulnerable, neither of a package nor of Valkey."""

import re
from pathlib import Path

import pytest
from redis.asyncio import Redis

from infra.stack.trial import Trial

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([0-9.]+)", re.MULTILINE)
# Below these lie signatures that are not checked, request smuggling, denial of service by one request.
FLOORS = {
    "authlib": "1.7.2",
    "cryptography": "48.0.1",
    "h11": "0.16.0",
    "joserfc": "1.7.2",
    "pyjwt": "2.13.0",
    "python-multipart": "0.0.31",
    "starlette": "1.3.1",
}
NEEDED = {"cryptography", "h11", "joserfc", "starlette"}
FORBIDDEN = {"python-jose"}
VALKEY = {(8, 0): (8, 0, 8), (8, 1): (8, 1, 7), (9, 0): (9, 0, 4)}  # scripts that escape, by line of releases


def parts(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.rstrip(".").split("."))


def pinned(lock: str) -> dict[str, str]:
    return {name.lower(): version for name, version in PIN.findall((ROOT / lock).read_text())}


@pytest.mark.parametrize("lock", LOCKS)
def test_no_package_is_older_than_its_last_known_hole(lock: str) -> None:
    found = pinned(lock)
    assert found.keys() >= NEEDED
    assert [name for name in found if name in FLOORS and parts(found[name]) < parts(FLOORS[name])] == []
    assert FORBIDDEN.isdisjoint(found)


@pytest.mark.stack
async def test_the_server_runs_no_scripts_that_escape(stack: Trial) -> None:
    async with Redis.from_url(stack.redis_url) as client:
        server = await client.info("server")
    version = parts(server["valkey_version"])
    assert version >= VALKEY.get((version[0], version[1]), (9, 0, 4))
