"""The demo organisation: its documents are consistent, believable, and the same for the same seed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from statistics import mean
from zoneinfo import ZoneInfo

import pytest
from demo_data import (
    HELD,
    MORNING,
    NAIROBI,
    WEDNESDAY_AFTERNOON,
    Documents,
    counted,
    dangling,
    live,
    local,
    ordinary_days,
    past,
    plain,
    visits_by_day,
    world,
)

from dashapp.domain.vocabulary import COLLECTIONS, EVENT_TIME, STATUSES
from dashapp.source.demo_calendar import easter, public_holidays
from dashapp.source.demo_history import history
from dashapp.source.demo_world import DEMO_ACCOUNTS, make_world

NEW_YORK = ZoneInfo("America/New_York")
EASTER_MONDAY = datetime(2026, 4, 5, 21, 10, tzinfo=UTC)  # ten past midnight in Nairobi
MOMENTS = (WEDNESDAY_AFTERNOON, EASTER_MONDAY)


def test_the_same_seed_and_moment_give_the_same_documents() -> None:
    again: Documents = defaultdict(list)
    for collection, documents in history(make_world(7, plain), WEDNESDAY_AFTERNOON, NAIROBI):
        again[collection].extend(documents)
    assert again == past()


def test_another_seed_gives_other_people_skills_and_places() -> None:
    assert world(8).places != world(7).places


def test_batches_are_small_and_people_and_places_come_first() -> None:
    batches = [
        (collection, len(documents)) for collection, documents in history(world(), EASTER_MONDAY, NAIROBI)
    ]
    assert max(size for _, size in batches) <= 5_000
    assert min(size for _, size in batches) > 0
    order = list(dict.fromkeys(collection for collection, _ in batches))
    assert order == ["tiers", "users", "facilities", "visits", "quotations", "orders", "logins"]
    assert set(order) == set(COLLECTIONS)


def test_the_organisation_has_the_announced_size() -> None:
    documents = past()
    assert [tier["rank"] for tier in documents["tiers"]] == [1, 2, 3, 4, 5]
    assert len({place["region"] for place in documents["facilities"]}) == 8
    assert 340 <= len(documents["facilities"]) <= 360
    assert Counter(user["role"] for user in documents["users"]) == {"sales": 42, "manager": 9, "admin": 1}
    assert 90_000 <= len(documents["visits"]) <= 110_000


def test_names_and_addresses_are_unique_and_tiers_known() -> None:
    users, places = past()["users"], past()["facilities"]
    assert len({user["email"] for user in users}) == len(users)
    assert all(re.fullmatch(r"[a-z.]+@accord\.com", user["email"]) for user in users)
    assert len({place["name"] for place in places}) == len(places)
    reps = [user for user in users if user["role"] == "sales"]
    assert {rep["tier"] for rep in reps} == {tier["name"] for tier in past()["tiers"]}
    assert {rep["region"] for rep in reps} == {place["region"] for place in places}


def test_only_the_demo_accounts_have_a_password() -> None:
    hashes = {u["email"]: (u["passwordHash"], u["role"]) for u in past()["users"] if "passwordHash" in u}
    assert hashes == {email: (plain(password), role) for email, password, role, _ in DEMO_ACCOUNTS}


def test_hidden_traits_stay_out_of_the_documents() -> None:
    shown = {name for kind in ("users", "facilities") for document in past()[kind] for name in document}
    assert not shown & {"skill", "diligence", "size", "rhythm_days", "rhythmDays", "stopped_days_ago"}


@pytest.mark.parametrize("now", MOMENTS)
def test_nothing_but_planned_visits_lies_after_now(now: datetime) -> None:
    limit = now.replace(tzinfo=None)
    for collection, documents in past(now).items():
        for document in documents:
            times = {name: value for name, value in document.items() if isinstance(value, datetime)}
            if document.get("status") == "scheduled":
                assert times.pop("date") > limit
            assert max(times.values()) <= limit, (collection, document)
            assert document["createdAt"] <= document["updatedAt"]


@pytest.mark.parametrize("now", MOMENTS)
def test_every_link_resolves(now: datetime) -> None:
    documents = past(now)
    for kind in ("visits", "quotations", "orders", "logins"):
        assert not dangling(documents[kind], "userId", documents["users"])
    for kind in ("visits", "quotations", "orders"):
        assert not dangling(documents[kind], "facilityId", documents["facilities"])
    assert not dangling(documents["quotations"], "visitId", documents["visits"])
    assert not dangling(documents["orders"], "quotationId", documents["quotations"])


def test_stages_follow_one_another_and_agree() -> None:
    visits = {visit["_id"]: visit for visit in past()["visits"]}
    quotations = {quotation["_id"]: quotation for quotation in past()["quotations"]}
    for quotation in quotations.values():
        visit = visits[quotation["visitId"]]
        assert visit["status"] == "successful"
        assert (visit["userId"], visit["facilityId"]) == (quotation["userId"], quotation["facilityId"])
        assert visit["date"] < quotation["createdAt"]
    for order in past()["orders"]:
        quotation = quotations[order["quotationId"]]
        assert quotation["status"] == "accepted"
        assert (quotation["userId"], quotation["facilityId"]) == (order["userId"], order["facilityId"])
        assert quotation["createdAt"] < order["createdAt"]
        assert order["totalAmount"] <= quotation["amount"]


def test_reps_work_in_their_own_region() -> None:
    region = {
        record["_id"]: record.get("region") for kind in ("users", "facilities") for record in past()[kind]
    }
    assert all(region[visit["userId"]] == region[visit["facilityId"]] for visit in past()["visits"])


def test_ids_are_unique_across_history_and_live_events() -> None:
    earlier, later = live(MORNING)[1], live(MORNING + timedelta(hours=1), seed=1)[1]
    ids = [
        document["_id"]
        for source in (past(), earlier, later)
        for documents in source.values()
        for document in documents
    ]
    assert len(set(ids)) == len(ids)
    assert all(document_id.startswith("demo-") for document_id in ids)


def test_everything_is_marked_as_demo_and_has_known_statuses() -> None:
    for source in (past(), live(MORNING)[1]):
        for collection, documents in source.items():
            assert all(document["demo"] is True for document in documents)
            if collection in ("visits", "quotations", "orders"):
                statuses = {document["status"] for document in documents}
                assert statuses <= set(STATUSES[collection]) - {"unknown"}
    assert {quotation["status"] for quotation in past()["quotations"]} == set(STATUSES["quotations"]) - {
        "unknown"
    }


def test_event_times_are_naive_with_whole_milliseconds() -> None:
    for source in (past(), live(MORNING)[1]):
        for collection, field in EVENT_TIME.items():
            times = [document[field] for document in source[collection]]
            assert all(at.tzinfo is None and at.microsecond % 1000 == 0 for at in times)


def test_amounts_have_two_decimals_at_most_and_stay_in_range() -> None:
    for source in (past(), live(MORNING)[1]):
        amounts = [quotation["amount"] for quotation in source["quotations"]]
        amounts += [order["totalAmount"] for order in source["orders"]]
        assert all(amount == round(amount, 2) for amount in amounts)
        assert 5_000 <= min(amounts) <= max(amounts) <= 900_000
        usual = sum(round(amount * 100) % 50 == 0 for amount in amounts)
        assert usual / len(amounts) > 0.85


def test_easter_and_holidays_moved_from_a_sunday_are_known() -> None:
    assert [easter(year) for year in (2024, 2025, 2026)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
    ]
    assert {date(2026, 4, 3), date(2026, 4, 6), date(2026, 6, 1)} <= public_holidays(2026)
    assert date(2022, 12, 27) in public_holidays(2022)  # Christmas on a Sunday, the day after is one anyway


def test_sundays_and_holidays_are_almost_empty_and_saturdays_quiet() -> None:
    visits, usual = visits_by_day(), mean(visits_by_day()[day] for day in ordinary_days())
    days = [min(visits) + timedelta(days=n) for n in range((max(visits) - min(visits)).days)]
    closed = [day for day in days if day.weekday() == 6 or day in public_holidays(day.year)]
    saturdays = [day for day in days if day.weekday() == 5 and day not in closed]
    assert max(visits[day] for day in closed) < usual / 10
    assert 0.2 < mean(visits[day] for day in saturdays) / usual < 0.5
    orders = Counter(local(order["createdAt"]).date() for order in past()["orders"])
    assert max(orders[day] for day in closed) < mean(orders[day] for day in ordinary_days()) / 5


@pytest.mark.parametrize("zone", [NAIROBI, NEW_YORK])
def test_business_is_done_in_local_opening_hours(zone: ZoneInfo) -> None:
    if zone is NAIROBI:
        visits = past()["visits"]
    else:
        visits = next(docs for kind, docs in history(world(), WEDNESDAY_AFTERNOON, zone) if kind == "visits")
    open_hours = [time(8) <= local(visit["date"], zone).time() <= time(17) for visit in visits]
    assert 0.95 < mean(open_hours) < 1.0


def test_business_grows_by_about_a_third() -> None:
    revenue: Counter[date] = Counter()
    for order in past()["orders"]:
        if order["status"] != "cancelled":
            revenue[local(order["createdAt"]).date()] += order["totalAmount"]
    days = sorted(ordinary_days())
    last_year, this_year = (
        [d for d in days if d.year == year and 2 <= d.month <= 6] for year in (2025, 2026)
    )
    growth = mean(revenue[day] for day in this_year) / mean(revenue[day] for day in last_year)
    assert 1.10 < growth < 1.35  # of one year; 545 days make it a third


def test_conversion_stays_in_its_band() -> None:
    visits, quotations, orders = counted(past())
    assert 0.55 <= quotations / visits <= 0.60
    assert 0.25 <= orders / visits <= 0.30


def test_visits_are_planned_for_the_rest_of_today_and_the_coming_days() -> None:
    planned = [local(visit["date"]).date() for visit in past()["visits"] if visit["status"] == "scheduled"]
    assert min(planned) == local(WEDNESDAY_AFTERNOON).date()
    assert max(planned) == local(WEDNESDAY_AFTERNOON).date() + timedelta(days=7)


def test_some_reps_fade_some_are_new_and_one_has_left() -> None:
    month = WEDNESDAY_AFTERNOON.replace(tzinfo=None) - timedelta(days=21)
    visits = [visit for visit in past()["visits"] if visit["status"] in HELD]
    recent = Counter(visit["userId"] for visit in visits if visit["date"] >= month)
    fading = [rep for rep in world().reps if rep.fading_days_ago]
    steady = [rep for rep in world().reps if rep.tier and not (rep.fading_days_ago or rep.left_days_ago)]
    former = [rep for rep in world().reps if rep.left_days_ago]
    assert (len(fading), len(former)) == (4, 1)
    assert mean(recent[rep.id] for rep in fading) < mean(recent[rep.id] for rep in steady) * 0.7
    assert recent[former[0].id] == 0
    assert [user["_id"] for user in past()["users"] if not user["active"]] == [former[0].id]
    for rep in world().reps:
        if rep.joined_days_ago is not None:
            first = min(visit["date"] for visit in visits if visit["userId"] == rep.id)
            assert first >= WEDNESDAY_AFTERNOON.replace(tzinfo=None) - timedelta(days=rep.joined_days_ago + 1)


def test_some_facilities_stopped_ordering_and_the_others_did_not() -> None:
    now = WEDNESDAY_AFTERNOON.replace(tzinfo=None)
    latest = {order["facilityId"]: order["createdAt"] for order in past()["orders"]}
    stopped = {place.id for place in world().places if place.stopped_days_ago is not None}
    assert 0.07 < len(stopped) / len(world().places) < 0.09
    slow_answers = timedelta(days=30)
    for place in world().places:
        if place.stopped_days_ago is not None:
            assert now - latest[place.id] > timedelta(days=place.stopped_days_ago) - slow_answers
    silent = {place for place, at in latest.items() if now - at > timedelta(days=45)}
    assert silent
    assert silent <= stopped


def test_often_ordering_facilities_order_more_often() -> None:
    orders = Counter(order["facilityId"] for order in past()["orders"])
    trading = sorted((p for p in world().places if p.stopped_days_ago is None), key=lambda p: p.rhythm_days)
    third = len(trading) // 3
    assert mean(orders[p.id] for p in trading[:third]) > 1.4 * mean(orders[p.id] for p in trading[-third:])


@pytest.mark.parametrize("now", MOMENTS)
def test_users_were_last_seen_at_or_after_their_newest_login(now: datetime) -> None:
    newest: dict[str, datetime] = {}
    per_day: Counter[tuple[str, date]] = Counter()
    for login in past(now)["logins"]:
        newest[login["userId"]] = login["at"]  # in order of time
        per_day[login["userId"], local(login["at"]).date()] += 1
    for user in past(now)["users"]:
        assert user["lastLogin"] == newest[user["_id"]]
        assert user["lastLogin"] <= user["lastSeen"] <= user["updatedAt"] <= now.replace(tzinfo=None)
    assert set(per_day.values()) == {1, 2, 3}
