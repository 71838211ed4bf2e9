"""Users who have gone quiet, by rules."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Document, login, user, visit
from predicting import on, predicted

from dashapp.metrics.models.inactivity import NEVER, TOO_FEW, shares


def active(name: str, days: range) -> list[Document]:
    return [visit(userId=name, date=on(day)) for day in days]


def people(*names: str, **fields: object) -> list[Document]:
    return [user(_id=name, name=name.title(), **fields) for name in names]


def test_the_quietest_comes_first_with_a_reason() -> None:
    found = predicted(
        users=people("ann", "bo", "cy"),
        visits=[
            *active("ann", range(1, 120)),
            *active("bo", range(1, 120)),
            *active("cy", range(15, 120, 2)),
        ],
    ).inactivity
    assert [row["userId"] for row in found["rows"]] == ["cy", "ann", "bo"]
    assert [row["risk_score"] for row in found["rows"]] == [1.0, 0.25, 0.25]
    worst = found["rows"][0]
    assert worst["stands_out"]
    assert worst["reason"].startswith("usually active every 2 days, last active 15 days ago")
    assert (worst["days_since"], worst["usual_gap_days"]) == (15, 2)
    assert worst["last_activity"] == "2026-05-05T09:00:00.000Z"
    assert not found["rows"][1]["stands_out"]
    assert "no probability" in found["note"]


def test_a_pause_of_the_whole_team_makes_nobody_stand_out() -> None:
    everybody = [one for name in ("ann", "bo", "cy") for one in active(name, range(12, 120))]
    found = predicted(users=people("ann", "bo", "cy"), visits=everybody).inactivity
    assert [row["stands_out"] for row in found["rows"]] == [False] * 3
    assert {row["risk_score"] for row in found["rows"]} == {0.5}


def test_activity_that_halved_stands_out() -> None:
    busy = active("cy", range(29, 113))
    found = predicted(
        users=people("ann", "bo", "cy"),
        visits=[
            *active("ann", range(1, 120)),
            *active("bo", range(1, 120)),
            *busy,
            *active("cy", range(1, 28, 4)),
        ],
    ).inactivity
    worst = found["rows"][0]
    assert worst["userId"] == "cy" and worst["stands_out"]
    assert worst["reason"].endswith("; 7 activities in the last 28 days instead of 28")


def test_only_active_sales_people_are_ranked() -> None:
    found = predicted(
        users=[
            *people("boss", role="manager"),
            *people("left", active=False),
            *people("new", region="Coast"),
            *people("never"),
        ],
        visits=[one for name in ("boss", "left") for one in active(name, range(1, 60))],
        logins=[login(userId="new", at=on(day)) for day in range(1, 5)],
    ).inactivity
    assert found["rows"] == []
    assert found["refused"] == {TOO_FEW: {"Coast": 1}, NEVER: {"Nairobi": 1}}


def test_ranks_go_from_zero_to_one() -> None:
    assert shares(np.array([3.0, 1.0, 2.0])).tolist() == [1.0, 0.0, 0.5]
    assert shares(np.array([1.0, 1.0])).tolist() == pytest.approx([0.5, 0.5])
    assert shares(np.array([7.0])).tolist() == [0.0]
