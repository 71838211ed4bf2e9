"""Pieces that descriptions of answers are made of."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number", "minimum": 0}
TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
DATE: Schema = {"type": "string", "format": "date"}
SOURCE: Schema = {"type": "string", "enum": ["live", "stale", "sample"]}
STATUS: Schema = {"type": "string", "enum": ["success", "fallback"]}


def maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def record(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def rows(**properties: Schema) -> Schema:
    return {"type": "array", "items": record(**properties)}
