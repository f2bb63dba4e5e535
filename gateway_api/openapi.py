"""Writes docs/openapi.json: `python -m gateway_api.openapi`."""

from pathlib import Path

import orjson

from gateway_api.application import build

TARGET = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def document() -> bytes:
    """The OpenAPI document of this version, as it is committed and served."""
    return orjson.dumps(build().openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(document())
