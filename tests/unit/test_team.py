"""Everybody with a visit or an order: found by a text, sorted by a field."""

from __future__ import annotations

from builders import order, snapshot, user, view, visit

from dashapp.domain.snapshot import Snapshot
from dashapp.metrics.answers import top_performers
from dashapp.metrics.team import everybody, members
from dashapp.metrics.view import View


def crew() -> Snapshot:
    """Best first: Cy (30), bo (20), Asha of Nairobi (10), Asha of the coast and a stranger (visits only)."""
    return snapshot(
        users=[
            user(_id="a1", name="Asha", region="Nairobi", tier="Gold"),
            user(_id="a2", name="Asha", region="Coast", tier="Silver"),
            user(_id="b", name="bo", region="coast", tier=None),
            user(_id="c", name="Cy", region=None, tier="Silver", active=False),
            user(_id="d", name="Dee", region="Coast"),
        ],
        visits=[
            visit(userId="a2"),
            visit(userId="a2"),
            visit(userId="stranger"),
            visit(userId="a1"),
            visit(userId=None),
        ],
        orders=[
            order(userId="c", totalAmount=30),
            order(userId="b", totalAmount=20),
            order(userId="a1", totalAmount=10),
        ],
    )


def found(search: str = "", key: str = "total_revenue", *, descending: bool = True) -> list[str]:
    return [row["userId"] for row in members(view(crew()), search, key, descending=descending)]


def test_everybody_who_did_anything_is_listed_the_best_first() -> None:
    assert [row["userId"] for row in everybody(view(crew()))] == ["c", "b", "a1", "a2", "stranger"]
    assert everybody(view(snapshot())) == []


def test_a_member_is_a_performer_with_a_tier() -> None:
    here = view(crew())
    rows = everybody(here)
    assert [row["tier"] for row in rows] == ["Silver", "", "Gold", "Silver", ""]
    untiered = [{key: value for key, value in row.items() if key != "tier"} for row in rows]
    assert untiered == top_performers(here, 100)


def test_a_stranger_is_unknown_and_has_no_tier() -> None:
    stranger = everybody(view(crew()))[-1]
    assert (stranger["name"], stranger["role"], stranger["region"]) == ("Unknown", None, "Unassigned")
    assert stranger["tier"] == ""


def test_numbers_sort_both_ways_and_the_best_comes_first_among_equals() -> None:
    assert found(key="total_revenue") == ["c", "b", "a1", "a2", "stranger"]
    assert found(key="total_revenue", descending=False) == ["a2", "stranger", "a1", "b", "c"]
    assert found(key="order_count") == ["c", "b", "a1", "a2", "stranger"]
    assert found(key="visit_count") == ["a2", "a1", "stranger", "c", "b"]
    assert found(key="visit_count", descending=False) == ["c", "b", "a1", "stranger", "a2"]


def test_texts_sort_both_ways_whatever_their_case() -> None:
    assert found(key="name", descending=False) == ["a1", "a2", "b", "c", "stranger"]
    assert found(key="name") == ["stranger", "c", "b", "a1", "a2"]
    assert found(key="region", descending=False) == ["b", "a2", "a1", "c", "stranger"]
    assert found(key="tier") == ["c", "a2", "a1", "b", "stranger"]


def test_a_text_is_searched_in_name_region_and_id_whatever_its_case() -> None:
    assert found("ASH") == ["a1", "a2"]
    assert found(" coast ") == ["b", "a2"]
    assert found("Stran") == ["stranger"]
    assert found("unassigned") == ["c", "stranger"]
    assert found("gold") == found("nobody") == []
    assert found("   ") == found()


def test_what_is_searched_for_is_a_text_not_a_pattern() -> None:
    assert found(".*") == found("%") == found("a.") == []


def test_a_search_folds_letters_as_people_do() -> None:
    data = snapshot(users=[user(name="Groß Émile")], visits=[visit()])
    for text in ("GROSS", "émile", "ÉMILE"):
        assert len(members(view(data), text, "name", descending=False)) == 1


def test_filters_apply_to_the_team() -> None:
    here = View(crew(), view(crew(), users=["b", "a2"]).scope)
    assert [row["userId"] for row in everybody(here)] == ["b", "a2"]


def test_sorting_leaves_what_others_are_given_as_it_was() -> None:
    here = view(crew())
    first = list(everybody(here))
    members(here, "a", "name", descending=False)
    assert everybody(here) == first
