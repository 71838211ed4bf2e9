"""What is answered about predictions, and marks of opportunities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from builders import Answer, AppServer, Document
from contract.conftest import (
    MOMENT,
    PASSWORD,
    Here,
    assert_refused,
    eventually,
    manager_token,
    people,
    places,
    post_form,
    server_over,
    session_cookie,
    signed,
    strict,
    write,
)

LIVE: Final = "/api/analytics/live"
PATIENCE_SECONDS: Final = 120  # the models give way to everything else on the machine
FIT_KEYS: Final = {"revenue_forecast", "churn_risks", "high_value_opportunities", "computed_at", "trained_on"}


def trade(here: Here) -> list[Document]:
    """100 days: the market 10 a day, the hall 70 a week, and a kiosk on the coast that has gone quiet."""
    found: list[Document] = []
    for day in range(1, 101):
        found.append(order(here, "market", "bo", day, 10.0))
        if day % 7 == 1:
            found.append(order(here, "hall", "cy", day, 70.0))
        if day > 40 and day % 10 == 0:
            found.append(order(here, "kiosk", "bo", day, 50.0))
    return found


def order(here: Here, place: str, user: str, day: int, amount: float) -> Document:
    fields = {"facilityId": place, "userId": user, "createdAt": here.at(day), "totalAmount": amount}
    return {"_id": f"{place}-{day}", "status": "placed", **fields}


def organisation(here: Here) -> dict[str, list[Document]]:
    kiosk = {"_id": "kiosk", "name": "Beach Kiosk", "region": "Coast", "type": "kiosk"}
    visit = {"_id": "v", "userId": "bo", "facilityId": "kiosk", "date": here.at(3), "status": "successful"}
    facilities = [*places()["facilities"], kiosk]
    return {"users": people(), "facilities": facilities, "orders": trade(here), "visits": [visit]}


@pytest.fixture(scope="module")
def fitted(here: Here) -> Iterator[AppServer]:
    """A server whose models have run."""
    with server_over(organisation(here), here) as started:
        wait_for_models(started)
        yield started


def wait_for_models(server: AppServer) -> None:
    token = manager_token()

    def there() -> bool:
        return server.live("predictions", token)["computed_at"] is not None

    assert eventually(there, PATIENCE_SECONDS), server.log_text()


@pytest.fixture(scope="module")
def found(fitted: AppServer) -> Any:
    return fitted.live("predictions", manager_token())


@pytest.fixture(scope="module")
def lena(fitted: AppServer) -> str:
    """A manager limited to the coast."""
    return signed(sub="lena", role="manager")


# --- The answer


def test_predictions_come_in_the_envelope(fitted: AppServer, token: str) -> None:
    answer = fitted.get(f"{LIVE}/predictions", token)
    assert answer.status == 200
    body = strict(answer.body)
    assert {"success", "data", "timestamp", "period", "data_as_of", "stale"} <= set(body)
    assert body["period"] == "Last 90 days"
    assert set(body["data"]) >= FIT_KEYS
    assert MOMENT.fullmatch(body["data"]["computed_at"])


def test_revenue_is_forecast(found: Any, here: Here) -> None:
    forecast = found["revenue_forecast"]
    # 140 a week but for the kiosk, which has not ordered for 50 days.
    assert forecast["next_week"] == pytest.approx(140, rel=0.15)
    assert forecast["next_month"] == pytest.approx(600, rel=0.15)
    assert forecast["trend"] in {"increasing", "decreasing", "stable"}
    assert 0 <= forecast["confidence"] <= 1
    assert forecast["confidence_words"].startswith("typical error")
    week = forecast["intervals"]["next_week"]
    assert week["low"] <= forecast["next_week"] <= week["high"]
    assert forecast["daily"][0]["date"] == here.day(0)
    assert len(forecast["daily"]) == 30
    assert sum(day["revenue"] for day in forecast["daily"]) == pytest.approx(forecast["next_month"], abs=0.2)
    assert len(forecast["history"]) == 90
    assert forecast["history"][-2] == {"date": here.day(1), "revenue": 80.0}


def test_users_are_ranked_by_inactivity(found: Any) -> None:
    assert [row["userId"] for row in found["churn_risks"]] == ["bo", "cy"]
    worst = found["churn_risks"][0]
    assert set(worst) >= {"userId", "name", "risk_score", "reason", "last_activity"}
    assert worst["risk_score"] == 1.0
    assert MOMENT.fullmatch(worst["last_activity"])
    assert "no probability" in found["churn_risks_note"]


def test_opportunities_say_what_to_do(found: Any, here: Here) -> None:
    rows = {row["facilityId"]: row for row in found["high_value_opportunities"]}
    assert set(rows) == {"hall", "market", "kiosk"}
    kiosk = rows["kiosk"]
    assert kiosk["lists"] == ["key accounts", "due and quiet"]
    assert kiosk["facility_name"] == "Beach Kiosk"
    assert kiosk["last_visit"] == here.day(3)
    assert (kiosk["userId"], kiosk["user_name"]) == ("bo", "Bo Rep")
    assert kiosk["recommendation"].startswith("Visit soon: usually every 10 days, silent for 50 days;")
    assert kiosk["potential_revenue"] > 0 and kiosk["mark"] is None
    assert rows["market"]["lists"] == ["key accounts"]


def test_what_they_learnt_from_is_told(found: Any, here: Here) -> None:
    assert found["as_of"] == here.day(0)
    assert found["trained_on"] == {
        "first_on": here.day(100),
        "last_on": here.day(1),
        "days": 100,
        "orders": 121,
        "revenue": 2350.0,
        "facilities": 3,
    }


def test_regions_narrow_the_forecast_and_the_lists(fitted: AppServer, token: str) -> None:
    nairobi = fitted.live("predictions?region=Nairobi", token)
    assert nairobi["revenue_forecast"]["next_week"] == pytest.approx(70, rel=0.01)
    assert {row["facilityId"] for row in nairobi["high_value_opportunities"]} == {"market"}
    assert nairobi["revenue_forecast"]["history"][-2]["revenue"] == 10.0
    assert nairobi["churn_risks"] == []
    nowhere = fitted.live("predictions?region=Atlantis", token)
    assert nowhere["revenue_forecast"]["next_week"] is None and nowhere["revenue_forecast"]["reason"]
    assert nowhere["high_value_opportunities"] == [] and nowhere["opportunities_reason"]


def test_users_narrow_the_lists_only(fitted: AppServer, token: str, found: Any) -> None:
    bo = fitted.live("predictions?userId=bo", token)
    assert {row["userId"] for row in bo["churn_risks"]} == {"bo"}
    assert {row["facilityId"] for row in bo["high_value_opportunities"]} == {"market", "kiosk"}
    assert bo["revenue_forecast"] == found["revenue_forecast"]


def test_a_limited_manager_sees_their_regions_only(fitted: AppServer, lena: str, token: str) -> None:
    answer = fitted.get(f"{LIVE}/predictions", lena)
    assert {row["facilityId"] for row in answer.data["high_value_opportunities"]} == {"kiosk"}
    assert b"Nairobi" not in answer.body and b"Market" not in answer.body
    assert "revenue" not in answer.data["trained_on"]
    nothing = fitted.live("predictions?region=Atlantis", token)
    assert fitted.live("predictions?region=Nairobi", lena) == nothing


def test_the_window_is_that_of_the_history(fitted: AppServer, token: str, here: Here, found: Any) -> None:
    short = fitted.live(f"predictions?from={here.day(9)}&to={here.day(1)}", token)
    assert len(short["revenue_forecast"]["history"]) == 9
    assert short["high_value_opportunities"] == found["high_value_opportunities"]
    assert fitted.live("predictions?daysBack=90", token) == found


@pytest.mark.parametrize("asked", ["topN=3", "daysBack=0", "daysBack=1&daysBack=2", "region=", "horizon=7"])
def test_other_parameters_are_refused(fitted: AppServer, token: str, asked: str) -> None:
    assert_refused(fitted.get(f"{LIVE}/predictions?{asked}", token), 400)


def test_predictions_are_for_analysts(fitted: AppServer) -> None:
    assert_refused(fitted.get(f"{LIVE}/predictions"), 401)
    assert_refused(fitted.get(f"{LIVE}/predictions", signed(sub="elsewhere", role="sales")), 403)


def test_what_is_known_is_not_sent_again(fitted: AppServer, token: str) -> None:
    first = fitted.get(f"{LIVE}/predictions", token)
    again = fitted.get(f"{LIVE}/predictions", token, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


def test_predictions_are_described(fitted: AppServer) -> None:
    described = fitted.get("/api/openapi.json").json["paths"]
    assert f"{LIVE}/predictions" in described
    assert f"{LIVE}/opportunities/{{facilityId}}/mark" in described


def test_a_restart_has_them_at_once(here: Here) -> None:
    with server_over(organisation(here), here) as server:
        wait_for_models(server)
        before = server.live("predictions", manager_token())
        server.stop()
        server.start()
        assert server.live("predictions", manager_token()) == before


def test_an_empty_database_is_answered_with_reasons(here: Here) -> None:
    with server_over({}, here) as server:
        token = manager_token()
        at_first = server.live("predictions", token)
        assert at_first["revenue_forecast"]["next_week"] is None and at_first["revenue_forecast"]["reason"]
        wait_for_models(server)
        found = server.live("predictions", token)
        assert found["revenue_forecast"]["reason"] and found["opportunities_reason"]
        assert found["churn_risks"] == [] == found["high_value_opportunities"]


# --- Marks


@pytest.fixture
def markable(here: Here) -> Iterator[AppServer]:
    with server_over(organisation(here), here) as started:
        wait_for_models(started)
        yield started


def mark(server: AppServer, token: str, facility: str, value: Any, **headers: str) -> Answer:
    named = {"Authorization": f"Bearer {token}"} if token else {}
    return server.post_json(f"{LIVE}/opportunities/{facility}/mark", value, {**named, **headers})


def marks_of(server: AppServer, token: str) -> dict[str, Any]:
    return {one["facilityId"]: one for one in server.live("predictions", token)["marks"]}


def test_a_mark_comes_back_with_its_outcome(markable: AppServer, here: Here, token: str) -> None:
    ada = signed(sub="a" * 24, role="admin")
    answer = mark(markable, ada, "kiosk", {"mark": "planned"})
    assert answer.status == 200, answer.body
    made = answer.data
    assert (made["facilityId"], made["mark"], made["userId"]) == ("kiosk", "planned", "a" * 24)
    assert MOMENT.fullmatch(made["at"]) and made["ordered_on"] is None
    assert made["outcome"].startswith("planned ") and made["outcome"].endswith(", no order since")
    rows = {row["facilityId"]: row for row in markable.live("predictions", token)["high_value_opportunities"]}
    assert rows["kiosk"]["mark"] == made and rows["hall"]["mark"] is None

    new_order(markable, here)
    assert eventually(lambda: marks_of(markable, token)["kiosk"]["ordered_on"] == here.day(0), 5)
    assert " → ordered " in marks_of(markable, token)["kiosk"]["outcome"]
    quiet = markable.live("predictions", token)["high_value_opportunities"]
    assert all("due and quiet" not in row["lists"] for row in quiet if row["facilityId"] == "kiosk")


def new_order(server: AppServer, here: Here) -> None:
    just_now = datetime.now(UTC).replace(tzinfo=None)
    write(server, {"orders": [{**order(here, "kiosk", "bo", 0, 300.0), "createdAt": just_now}]})


def test_the_newest_mark_counts_and_survives_a_restart(markable: AppServer, token: str) -> None:
    for value in ("planned", "not now", "won"):
        assert mark(markable, token, "hall", {"mark": value}).status == 200
    markable.stop()
    markable.start()
    assert eventually(lambda: marks_of(markable, token).get("hall", {}).get("mark") == "won", 5)


def test_a_session_may_mark_from_its_own_pages_only(markable: AppServer) -> None:
    signed_in = post_form(markable, "/auth/login", email="ada@example.org", password=PASSWORD)
    cookie = {"Cookie": session_cookie(signed_in)}
    own = {**cookie, "Origin": markable.url}
    assert mark(markable, "", "hall", {"mark": "won"}, **own).status == 200
    other = {**cookie, "Origin": "https://elsewhere.example"}
    assert_refused(mark(markable, "", "hall", {"mark": "won"}, **other), 403)
    assert_refused(mark(markable, "", "hall", {"mark": "won"}), 401)


@pytest.mark.parametrize(
    "value",
    [{}, {"mark": "lost"}, {"mark": None}, {"mark": ["won"]}, [], "won", {"mark": "won", "by": "me"}, b"{"],
)
def test_other_marks_are_refused(fitted: AppServer, token: str, value: Any) -> None:
    assert_refused(mark(fitted, token, "hall", value), 400)


def test_only_facilities_that_may_be_seen_are_marked(fitted: AppServer, token: str, lena: str) -> None:
    assert_refused(mark(fitted, token, "nowhere", {"mark": "won"}), 404)
    assert_refused(mark(fitted, lena, "market", {"mark": "won"}), 404)
    assert_refused(mark(fitted, signed(sub="elsewhere", role="sales"), "hall", {"mark": "won"}), 403)
    assert_refused(fitted.get(f"{LIVE}/opportunities/hall/mark", token), 405)
    assert marks_of(fitted, token) == {}
