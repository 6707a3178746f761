"""What the OpenAPI document says beyond the routes' own types: forms, and problems."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.problems import MEDIA_TYPE, ProblemDocument

_MEANINGS = {
    400: "The request cannot be carried out as it is.",
    401: "No token, or one that is not valid here.",
    404: "There is no such thing, or it is another person's.",
    409: "It does not fit with what is there; the reason says with what.",
    410: "The content was removed: upload the file again.",
    412: "The header Tus-Resumable has to name version 1.0.0.",
    413: "A limit was passed; the document names it and the value.",
    415: "The body is not of the type that is taken here.",
    422: "A parameter is not of the form that is asked for.",
    460: "The bytes are not those of Upload-Checksum; none were kept.",
    429: "Too much at once; Retry-After says when to come back.",
    503: "Not at the moment; Retry-After says when to come back.",
}

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Gives the `responses` of a route that answers these problems."""
    return {status: {"description": _MEANINGS[status], "model": ProblemDocument} for status in statuses}


def form_of(field: str, *, several: bool) -> dict[str, Any]:
    """Gives the `openapi_extra` of a route that reads a form by itself: one field of one file or several."""
    file = {"type": "string", "format": "binary"}
    files = {"type": "array", "items": file, "minItems": 1} if several else file
    schema = {"type": "object", "properties": {field: files}, "required": [field]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def bytes_of(media_type: str) -> dict[str, Any]:
    """Gives the `openapi_extra` of a route that reads bytes by itself."""
    schema = {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def install_openapi(app: FastAPI) -> None:
    """Makes the document tell of errors what they are: problems, also where FastAPI adds its own."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for operations in schema["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    response.update(description=_MEANINGS[int(status)], content=_PROBLEM)
    for unused in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(unused, None)
    return schema
