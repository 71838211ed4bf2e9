"""The description of the API for programs."""

from __future__ import annotations

from functools import cache

from flask import Response, jsonify

from dashapp import VERSION
from dashapp.web.api import QUESTIONS, Question
from dashapp.web.openapi_pictures import picture
from dashapp.web.openapi_predictions import MARK, MARKED, PREDICTIONS
from dashapp.web.pictures import chart_of_type
from dashapp.web.query import LONGEST_VALUE, MOST_PERFORMERS, MOST_VALUES
from dashapp.web.schemas import (
    COUNT,
    DATE,
    NUMBER,
    SOURCE,
    STATUS,
    TEXT,
    TIME,
    Schema,
    maybe,
    record,
    rows,
)
from dashapp.web.services import services
from dashapp.web.sign_in import LONGEST_EMAIL, LONGEST_PASSWORD

PERFORMANCE: dict[str, Schema] = {
    "visit_count": COUNT,
    "order_count": COUNT,
    "total_revenue": NUMBER,
    "conversion_rate": NUMBER,
    "avg_order_value": NUMBER,
}
PERSON: dict[str, Schema] = {"userId": TEXT, "name": TEXT, "role": maybe(TEXT), "region": TEXT}
SUMMARY: dict[str, Schema] = {
    "total_visits": COUNT,
    "total_orders": COUNT,
    "total_revenue": NUMBER,
    "conversion_rate": NUMBER,
    "avg_order_value": NUMBER,
    "successful_visits": COUNT,
    "pending_quotations": COUNT,
}
CONVERSION = record(
    visits=COUNT,
    successful_visits=COUNT,
    quotations_sent=COUNT,
    orders_placed=COUNT,
    visit_success_rate=NUMBER,
    quotation_conversion=NUMBER,
    overall_conversion=NUMBER,
)
REGIONAL = rows(region=TEXT, **PERFORMANCE)
PERFORMERS = rows(**PERSON, **PERFORMANCE)
DATA: dict[str, Schema] = {
    "realtime": record(
        visits_today=COUNT,
        orders_today=COUNT,
        revenue_today=NUMBER,
        successful_visits=COUNT,
        conversion_rate_today=NUMBER,
        active_users=COUNT,
    ),
    "summary": record(**SUMMARY, previous=record(**SUMMARY)),
    "conversion": CONVERSION,
    "regional": REGIONAL,
    "top-performers": PERFORMERS,
    "dashboard": record(
        summary=record(**SUMMARY, previous=record(**SUMMARY)),
        conversion_funnel=CONVERSION,
        regional_performance=REGIONAL,
        top_performers=PERFORMERS,
    ),
    "users-activity": record(
        users=rows(
            **PERSON,
            visits=COUNT,
            quotations=COUNT,
            orders=COUNT,
            logins=COUNT,
            activities=COUNT,
            active_days=COUNT,
            last_activity=maybe(TIME),
        ),
        daily=rows(date=DATE, activities=COUNT, active_users=COUNT),
        active_users=COUNT,
        total_users=COUNT,
    ),
    "predictions": PREDICTIONS,
    "trends": rows(date=DATE, visits=COUNT, orders=COUNT, revenue=NUMBER, conversion_rate=NUMBER),
}
ERROR = {
    "type": "object",
    "properties": {
        "success": {"const": False},
        "error": record(code=TEXT, message=TEXT),
        "timestamp": TIME,
    },
    "required": ["success", "error", "timestamp"],
}
HEALTH = record(
    status={"type": "string", "enum": ["healthy", "degraded", "unhealthy"]},
    timestamp=TIME,
    service={"const": "Analytics API"},
    pythonApi=record(status=TEXT, timestamp=TIME, service=TEXT),
    database=record(connected={"type": "boolean"}, mode={"enum": ["change-stream", "polling"]}),
    data_as_of=maybe(TIME),
    lag_seconds=maybe(NUMBER),
    uptime_seconds=NUMBER,
    version=TEXT,
    history_loaded={"type": "boolean"},
    data_quality=record(rejected={"type": "object"}, repaired={"type": "object"}),
)
PULSE = record(
    status=STATUS,
    source=SOURCE,
    chart_data=rows(time=TIME, label=TEXT, activities=COUNT, active_users=COUNT),
    metrics=record(
        total_users=COUNT,
        active_today=COUNT,
        online_now=COUNT,
        recent_activities=COUNT,
        tier_distribution={"type": "object", "additionalProperties": COUNT},
        server_uptime_seconds=NUMBER,
        response_time_ms=NUMBER,
    ),
    timestamp=TIME,
    data_as_of=maybe(TIME),
)
LIVE_USERS = record(
    status=STATUS, source=SOURCE, online_users=COUNT, active_users=COUNT, total_users=COUNT, timestamp=TIME
)
LOGIN_FIELDS = record(
    email={"type": "string", "minLength": 1, "maxLength": LONGEST_EMAIL},
    password={"type": "string", "minLength": 1, "maxLength": LONGEST_PASSWORD},
)
LOGGED_IN = record(
    success={"const": True},
    token=TEXT,
    expires_in=COUNT,
    user=record(id=TEXT, email=TEXT, name=TEXT, role=maybe(TEXT)),
)
FAILURES = {
    "400": "A parameter is unknown, repeated or malformed.",
    "401": "No credentials, or none that count.",
    "403": "The role does not allow this.",
    "404": "There is nothing at this address.",
    "405": "This address does not take that method.",
    "413": "The request is too large.",
    "414": "The address is too long.",
    "429": "Too many requests; see Retry-After.",
    "431": "The headers are too large.",
    "500": "Something went wrong on the server.",
    "503": "The data are still being loaded, or the database is away; see Retry-After.",
}

ANYWHERE = ("404", "405", "413", "414", "429", "431", "500")


def answered(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def failures(*codes: str) -> Schema:
    shape = {"$ref": "#/components/schemas/Error"}
    return {code: answered(FAILURES[code], shape) for code in (*codes, *ANYWHERE)}


def enveloped(data: Schema, *, dated: bool) -> Schema:
    envelope = record(
        success={"const": True},
        data=data,
        timestamp=TIME,
        period=TEXT,
        data_as_of=maybe(TIME),
        stale={"type": "boolean"},
    )
    if dated:
        envelope["properties"]["date"] = DATE
        envelope["required"].append("date")
    return envelope


def parameters(question: Question, longest: int) -> list[Schema]:
    """What the question takes, in the query string."""
    filters = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE, "pattern": r"\S"}
    described: dict[str, tuple[str, Schema]] = {
        "daysBack": (
            "So many calendar days, today included; instead of from and to.",
            {"type": "integer", "minimum": 1, "maximum": longest, "default": question.default_days},
        ),
        "from": ("First local day; together with to.", DATE),
        "to": ("Last local day, not after today.", DATE),
        "region": ("Only these regions.", {"type": "array", "items": filters, "maxItems": MOST_VALUES}),
        "userId": ("Only these users.", {"type": "array", "items": filters, "maxItems": MOST_VALUES}),
        "topN": (
            "How many users.",
            {"type": "integer", "minimum": 1, "maximum": MOST_PERFORMERS, "default": 10},
        ),
    }
    return [
        {"name": name, "in": "query", "description": described[name][0], "schema": described[name][1]}
        for name in question.parameters
    ]


def asked(question: Question, longest: int) -> Schema:
    ok = answered(
        (question.compute.__doc__ or "").strip(),
        enveloped(DATA[question.name], dated=question.default_days is None),
    )
    responses = {
        "200": ok,
        "304": {"description": "The numbers are those of If-None-Match."},
        **failures("400", "401", "403", "503"),
    }
    return {
        "get": {
            "summary": (question.compute.__doc__ or "").strip().partition("\n")[0].rstrip("."),
            "operationId": question.name,
            "security": [{"token": []}, {"session": []}],
            "parameters": parameters(question, longest),
            "responses": responses,
        }
    }


def marking() -> Schema:
    """Noting what is to become of an opportunity."""
    body = {"required": True, "content": {"application/json": {"schema": MARK}}}
    facility = {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}
    envelope = record(success={"const": True}, data=MARKED, timestamp=TIME)
    return {
        "post": {
            "summary": "Mark an opportunity",
            "operationId": "mark-opportunity",
            "security": [{"token": []}, {"session": []}],
            "parameters": [{"name": "facilityId", "in": "path", "required": True, "schema": facility}],
            "requestBody": body,
            "responses": {
                "200": answered("The mark, with what came of it so far.", envelope),
                **failures("400", "401", "403", "503"),
            },
        }
    }


def simple(summary: str, schema: Schema, *codes: str, **responses: Schema) -> Schema:
    ok = {"200": answered(summary, schema), **responses, **failures(*codes)}
    return {"get": {"summary": summary, "security": [], "responses": ok}}


@cache
def description(longest: int, prefix: str) -> Schema:
    paths = {f"/api/analytics/live/{one.name}": asked(one, longest) for one in QUESTIONS}
    charts = parameters(Question("chart", chart_of_type), longest)
    paths["/api/analytics/live/chart/{type}"] = picture(charts, failures("400", "401", "403", "503"))
    unhealthy = {"503": answered("Never had data.", HEALTH)}
    for path in ("/health", "/api/analytics/live/health"):
        paths[path] = simple("How the service is", HEALTH, **unhealthy)
    paths["/api/analytics/live/opportunities/{facilityId}/mark"] = marking()
    paths["/accounts/analytics/realtime/"] = simple("The public pulse", PULSE)
    paths["/accounts/analytics/live-users/"] = simple("Who is there, in counts", LIVE_USERS)
    paths["/api/openapi.json"] = simple("This description", {"type": "object"})
    paths["/api/auth/login"] = {
        "post": {
            "summary": "Sign in",
            "security": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": LOGIN_FIELDS}}},
            "responses": {
                "200": answered("A token for the Authorization header.", LOGGED_IN),
                **failures("400", "401", "403", "503"),
            },
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Live Analytics", "version": VERSION},
        "servers": [{"url": prefix.rstrip("/") or "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "session": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
        },
    }


def describe() -> Response:
    settings = services().settings
    response = jsonify(description(settings.history_days, settings.url_prefix))
    response.add_etag()
    return response
