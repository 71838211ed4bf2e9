"""The public pulse: how many people there are, what they did, hour by hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from builders import NAIROBI, NOW, Document, ago, login, order, quotation, snapshot, tier, user, visit

from dashapp.metrics.pulse import hourly, pulse

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
LATER = NOW + timedelta(minutes=20)


def now(**documents: Sequence[Document]) -> dict[str, Any]:
    return pulse(snapshot(**documents), NOW, NAIROBI, 5)


def seen(**fields: Any) -> list[Document]:
    return [user(_id=f"u{n}", **{name: at}) for name, times in fields.items() for n, at in enumerate(times)]


# --- Figures


def test_nothing_is_all_zeros() -> None:
    assert now() == {
        "total_users": 0,
        "active_today": 0,
        "online_now": 0,
        "recent_activities": 0,
        "tier_distribution": {},
    }


def test_only_active_users_are_users() -> None:
    assert now(users=[user(), user(_id="b", active=None), user(_id="c", active=False)])["total_users"] == 2


def test_a_user_is_online_who_was_seen_in_the_last_minutes() -> None:
    times = [ago(), ago(minutes=5), ago(minutes=5, milliseconds=1), ago(milliseconds=-1), None]
    assert now(users=seen(lastSeen=times))["online_now"] == 2
    assert pulse(snapshot(users=seen(lastSeen=times)), NOW, NAIROBI, 6)["online_now"] == 3


def test_a_login_alone_does_not_make_a_user_online() -> None:
    assert now(users=seen(lastLogin=[ago()]))["online_now"] == 0


def test_active_today_are_those_who_acted_signed_in_or_were_seen_each_once() -> None:
    midnight, before = ago(hours=15), ago(hours=15, milliseconds=1)
    found = now(
        users=[
            user(_id="all", lastSeen=ago(), lastLogin=ago()),
            user(_id="login", lastLogin=midnight),
            user(_id="yesterday", lastLogin=before, lastSeen=before),
            user(_id="ahead", lastSeen=ago(hours=-9, milliseconds=1)),  # by a clock that is not ours
            user(_id="tomorrow", lastSeen=ago(hours=-9)),
        ],
        visits=[visit(userId="all"), visit(userId="stranger"), visit(userId="planner", status="scheduled")],
        quotations=[quotation(userId="writer"), quotation(userId="drafter", status="draft")],
        orders=[order(userId="seller", createdAt=midnight), order(userId="late", createdAt=before)],
        logins=[login(userId="stranger"), login(userId=None)],
    )
    assert found["active_today"] == len({"all", "login", "ahead", "stranger", "writer", "seller"})


def test_recent_are_the_activities_of_the_last_sixty_minutes() -> None:
    found = now(
        visits=[visit(date=ago(minutes=60)), visit(date=ago(minutes=60, milliseconds=1)), visit(date=ago())],
        orders=[order(createdAt=ago(milliseconds=-1)), order(status="cancelled")],
        logins=[login(), login(userId=None)],
    )
    assert found["recent_activities"] == 4


def test_tiers_come_by_rank_the_empty_ones_too_and_count_active_users() -> None:
    tiers = [tier(), tier(_id="b", name="Bronze", rank=1), tier(_id="s", name="Silver", rank=2)]
    users = [user(), user(_id="b"), user(_id="c", tier="Bronze"), user(_id="d", active=False)]
    users += [user(_id="e", tier=None), user(_id="f", tier="Lost")]
    found = now(tiers=tiers, users=users)["tier_distribution"]
    assert list(found.items()) == [("Bronze", 1), ("Silver", 0), ("Gold", 2)]


# --- Hours


def test_the_last_twelve_local_hours_end_with_the_running_one() -> None:
    found = hourly(snapshot(), LATER, NAIROBI)
    assert [row["label"] for row in found] == [f"{hour:02}:00" for hour in range(4, 16)]
    assert (found[0]["time"], found[-1]["time"]) == (NOW - timedelta(hours=11), NOW)
    assert {(row["activities"], row["active_users"]) for row in found} == {(0, 0)}


def test_an_hour_holds_its_first_millisecond_and_not_that_of_the_next() -> None:
    times = [ago(hours=11), ago(hours=11, milliseconds=1), ago(hours=1), ago(milliseconds=1), ago()]
    times += [ago(minutes=-20), ago(minutes=-20, milliseconds=-1)]  # now, and a moment after
    found = hourly(snapshot(visits=[visit(date=at) for at in times]), LATER, NAIROBI)
    assert [row["activities"] for row in found] == [1, *[0] * 9, 2, 2]


def test_an_hour_counts_every_activity_and_each_user_once() -> None:
    at = ago(minutes=30)
    data = snapshot(
        visits=[visit(date=at), visit(date=at, userId=None), visit(date=at, status="cancelled")],
        quotations=[quotation(createdAt=at), quotation(createdAt=at, status="draft", userId="x")],
        orders=[order(createdAt=at, userId="b")],
        logins=[login(at=at, userId="c"), login(at=at, userId="c")],
    )
    row = hourly(data, LATER, NAIROBI)[-2]
    assert (row["label"], row["activities"], row["active_users"]) == ("14:00", 6, 3)


def test_hours_are_those_of_the_clock_on_the_wall_wherever_it_stands() -> None:
    found = hourly(snapshot(), NOW, KATHMANDU)  # 17:45 there
    assert [row["label"] for row in found][-2:] == ["16:00", "17:00"]
    assert found[-1]["time"] == datetime(2026, 5, 20, 11, 15, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_told_twice_and_one_that_is_left_out_not_at_all() -> None:
    autumn = hourly(snapshot(), datetime(2026, 10, 25, 2, 30, tzinfo=UTC), BERLIN)
    assert [row["label"] for row in autumn][-4:] == ["01:00", "02:00", "02:00", "03:00"]
    spring = hourly(snapshot(), datetime(2026, 3, 29, 2, 30, tzinfo=UTC), BERLIN)
    assert [row["label"] for row in spring][-4:] == ["00:00", "01:00", "03:00", "04:00"]
    assert spring[-1]["time"] - spring[0]["time"] == timedelta(hours=11)
