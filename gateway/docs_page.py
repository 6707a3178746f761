"""/docs: the OpenAPI document as a plain page of our own; the usual viewers load their scripts from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
:root { color-scheme: light dark; }
section { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .5rem 0 1rem; }
h2 { font-size: 1.05rem; } code, h2 { font-family: ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
td { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; }
td:first-child { white-space: nowrap; }
"""


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Shows every operation with its parameters and its answers."""
    schema = request.app.openapi()
    sections = "".join(
        _section(method, path, operation)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    )
    title = escape(f"{schema['info']['title']} {schema['info']['version']}")
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/docs.css">'
        f"<h1>{title}</h1><p>{escape(schema['info']['description'])} "
        f'For programs: <a href="/openapi.json">openapi.json</a>.</p>{sections}</html>'
    )


@router.get("/docs.css")
async def docs_style() -> Response:
    """Gives the page's style, since nothing inline may be used."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})


def _section(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(text)}</td></tr>" for name, text in _rows(operation)
    )
    text = escape(operation.get("description", ""))
    return f"<section><h2>{method.upper()} {escape(path)}</h2><p>{text}</p><table>{rows}</table></section>"


def _rows(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Gives what goes in and what comes out, each with a sentence."""
    for parameter in operation.get("parameters", []):
        yield f"{parameter['name']} ({parameter['in']})", _parameter_text(parameter)
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield "body", f"{media_type}: {_shape(content['schema'])}"
    for status, response in operation["responses"].items():
        yield status, _response_text(response)


def _parameter_text(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    default = f"; {schema['default']} unless said" if schema.get("default") else ""
    return " ".join(filter(None, [_shape(schema) + default + ".", parameter.get("description", "")]))


def _response_text(response: dict[str, Any]) -> str:
    shapes = [_shape(content["schema"]) for content in response.get("content", {}).values() if "schema" in content]
    return " ".join(filter(None, [response.get("description", ""), *shapes]))


def _shape(schema: dict[str, Any]) -> str:
    """Says in a word or two what values look like."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_shape(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "properties" in schema:
        return ", ".join(f"{name}: {_shape(one)}" for name, one in schema["properties"].items())
    if schema.get("type") == "array":
        return f"list of {_shape(schema['items'])}"
    return str(schema.get("format") or schema.get("type", "anything"))
