"""The description of the pictures for programs."""

from __future__ import annotations

from typing import Any

from dashapp.web.pictures import HEIGHT, THEMES, TYPES, WIDTH

Schema = dict[str, Any]


def picture(window_and_filters: list[Schema], failures: Schema) -> Schema:
    """The charts as PNG, which take what the figures take, and how to look."""
    kinds = {"type": "string", "enum": list(TYPES)}
    kind = {"name": "type", "in": "path", "required": True, "description": "Which chart.", "schema": kinds}
    look = [
        pixels("width", WIDTH),
        pixels("height", HEIGHT),
        {
            "name": "theme",
            "in": "query",
            "description": "The ground it is drawn on.",
            "schema": {"type": "string", "enum": list(THEMES), "default": THEMES[0]},
        },
    ]
    return {
        "get": {
            "summary": "A chart as a picture",
            "operationId": "chart",
            "security": [{"token": []}, {"session": []}],
            "parameters": [kind, *window_and_filters, *look],
            "responses": {
                "200": {"description": "The picture.", "content": {"image/png": {}}},
                "304": {"description": "The picture is that of If-None-Match."},
                **failures,
            },
        }
    }


def pixels(side: str, bounds: tuple[int, int, int]) -> Schema:
    lowest, default, highest = bounds
    return {
        "name": side,
        "in": "query",
        "description": f"The {side} in pixels; texts grow with the picture.",
        "schema": {"type": "integer", "minimum": lowest, "maximum": highest, "default": default},
    }
