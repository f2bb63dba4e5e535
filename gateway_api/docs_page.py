"""The OpenAPI document as a page without scripts: what there is, what it takes, what it answers."""

from html import escape
from typing import Any

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"></head><body><h1>{title}</h1><p>{about}</p>
<p>For machines: <a href="/openapi.json">OpenAPI</a>, <a href="/asyncapi">AsyncAPI</a></p>{routes}</body></html>"""


def docs_page(document: dict[str, Any]) -> str:
    """HTML of an OpenAPI document's operations."""
    routes = "".join(
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    info = document["info"]
    return PAGE.format(title=escape(info["title"]), about=escape(info["description"]), routes=routes)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{escape(p['name'])}</code> ({p['in']}) {escape(p.get('description', ''))}</li>"
        for p in operation.get("parameters", [])
    )
    answers = "".join(
        f"<li><b>{status}</b> {escape(answer['description'])}</li>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['description'])}</p>"
        f"<ul>{parameters}</ul><ul>{answers}</ul></section>"
    )
