"""The OpenAPI document's promises, held against the gateway by requests made up from it, right and wrong ones."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.gateway_api.conftest import Running

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)
EXAMPLES = 30
SECONDS = 90
ENDLESS = "/v1/matches/{match_id}/events"  # the stream of a match that is there


@pytest.mark.parametrize("there", [False, True], ids=["things made up", "things that are there"])
async def test_given_any_request_then_its_answer_is_as_documented(
    gateway: Running, tmp_path: Path, there: bool
) -> None:
    ann = await gateway.guest()
    config, options = tmp_path / "schemathesis.toml", ["--exclude-path", ENDLESS] if there else []
    known = {"match_id": await ann.new_match(), "player_id": ann.id} if there else {}
    config.write_text("".join(["[parameters]\n", *(f'"{name}" = "{value}"\n' for name, value in known.items())]))
    command = [
        *("--no-color", "--config-file", str(config), "run", f"{gateway.url}/openapi.json"),
        *("--header", f"Authorization: {ann.bearer['authorization']}", "--checks", ",".join(CHECKS)),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--generation-deterministic"),
        *("--request-timeout", "20", *options),
    ]
    # A process of its own: it makes requests up by chance, and chance in threads is nobody's.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *command),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()
