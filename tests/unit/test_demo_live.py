"""The live demo events: lively, consistent, and in line with the history."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest
from demo_data import (
    MIDNIGHT,
    MORNING,
    NAIROBI,
    Documents,
    counted,
    dangling,
    live,
    ordinary_days,
    past,
    visits_by_day,
    world,
)

from dashapp.domain.vocabulary import EVENT_TIME
from dashapp.source.demo_live import Simulator


def test_the_simulator_repeats_itself_for_the_same_seed_and_clock() -> None:
    def three_minutes() -> list[Any]:
        simulator = Simulator(world(), 5, NAIROBI)
        moments = [MORNING + timedelta(seconds=second) for second in range(180)]
        return [(simulator.step(moment), simulator.presence(moment)) for moment in moments]

    assert three_minutes() == three_minutes()


def test_by_day_something_happens_every_two_seconds_and_by_night_a_third_as_often() -> None:
    by_day, by_night = len(live(MORNING)[0]), len(live(MIDNIGHT)[0])
    assert 1.7 < 3600 / by_day < 2.3
    assert 2.5 < by_day / by_night < 3.5


@pytest.mark.parametrize("start", [MORNING, MIDNIGHT])
def test_the_simulator_is_never_silent_for_twenty_seconds(start: datetime) -> None:
    writes = live(start)[0]
    assert writes[0] == 0
    assert max(later - earlier for earlier, later in pairwise([*writes, 3600])) <= 20


def test_in_the_first_minute_the_figures_move() -> None:
    simulator = Simulator(world(), 1, NAIROBI)
    documents: Documents = defaultdict(list)
    for second in range(60):
        for collection, batch in simulator.step(MIDNIGHT + timedelta(seconds=second)):
            documents[collection].extend(batch)
    assert counted(documents)[0] >= 1


def test_a_whole_day_of_running_stays_within_three_ordinary_days() -> None:
    day = live(MORNING, 86_400, every=10, seed=3)[1]
    visits, quotations, orders = counted(day)
    ordinary = mean(visits_by_day()[when] for when in sorted(ordinary_days())[-65:-1])
    assert 1.5 < visits / ordinary < 3.0
    assert 0.52 <= quotations / visits <= 0.63
    assert 0.22 <= orders / visits <= 0.33
    typical = mean(order["totalAmount"] for order in past()["orders"][-5000:])
    assert 0.8 < mean(order["totalAmount"] for order in day["orders"]) / typical < 1.25


def test_live_documents_link_to_each_other_and_to_the_organisation() -> None:
    documents = live(MORNING)[1]
    assert not dangling(documents["quotations"], "visitId", documents["visits"])
    assert not dangling(documents["orders"], "quotationId", documents["quotations"])
    for kind in ("visits", "quotations", "orders", "logins"):
        assert documents[kind]
        assert not dangling(documents[kind], "userId", past()["users"])
    assert {"accepted", "rejected"} <= {quotation["status"] for quotation in documents["quotations"]}
    assert {"placed", "confirmed", "delivered"} & {order["status"] for order in documents["orders"]}


def test_live_writes_are_stamped_with_the_time_of_their_step() -> None:
    simulator = Simulator(world(), 2, NAIROBI)
    for second in range(0, 600, 3):
        now = MORNING + timedelta(seconds=second)
        for collection, documents in simulator.step(now):
            for document in documents:
                assert document["updatedAt"] == now.replace(tzinfo=None) >= document["createdAt"]
                planned = document.get("status") in ("scheduled", "cancelled")
                assert planned or document[EVENT_TIME[collection]] <= now.replace(tzinfo=None)


def test_documents_handed_out_are_not_changed_later() -> None:
    simulator = Simulator(world(), 2, NAIROBI)
    moments = [MORNING + timedelta(seconds=second) for second in range(300)]
    handed_out = [document for now in moments for _, batch in simulator.step(now) for document in batch]
    before = [dict(document) for document in handed_out]
    for second in range(300, 600):
        simulator.step(MORNING + timedelta(seconds=second))
    assert handed_out == before


def test_after_a_standstill_or_a_clock_set_back_the_simulator_goes_on_calmly() -> None:
    simulator = Simulator(world(), 2, NAIROBI)
    simulator.step(MORNING)
    assert sum(len(batch) for _, batch in simulator.step(MORNING + timedelta(hours=9))) < 100
    earlier = MORNING + timedelta(hours=2)
    assert any(simulator.step(earlier + timedelta(seconds=second)) for second in range(25))


def test_several_users_are_online_at_any_time_and_seen_twice_a_minute() -> None:
    for start, fewest in ((MORNING, 8), (MIDNIGHT, 4)):
        simulator = Simulator(world(), 4, NAIROBI)
        seen: dict[str, int] = {}
        for second in range(1200):
            simulator.step(start + timedelta(seconds=second))
            seen |= {user: second for user, _ in simulator.presence(start + timedelta(seconds=second))}
            assert sum(second - at <= 31 for at in seen.values()) >= fewest
        assert len(seen) < 30


def test_presence_tells_of_logins_and_never_of_the_demo_accounts() -> None:
    simulator = Simulator(world(), 4, NAIROBI)
    assert simulator.presence(MORNING) == []
    logins: dict[str, datetime] = {}
    told: dict[str, datetime] = {}
    for second in range(1800):
        now = MORNING + timedelta(seconds=second)
        for collection, documents in simulator.step(now):
            if collection == "logins":
                logins |= {login["userId"]: login["at"] for login in documents}
        for user, fields in simulator.presence(now):
            assert user not in ("demo-u-001", "demo-u-002")
            assert fields["lastSeen"] == fields["updatedAt"] == now.replace(tzinfo=None)
            told |= {user: fields["lastLogin"]} if "lastLogin" in fields else {}
    assert logins
    assert told == logins
