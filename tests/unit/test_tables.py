"""Event tables: changed without touching the original, always sorted, every row found."""

from __future__ import annotations

import numpy as np
import pytest
from builders import keys
from hypothesis import given
from hypothesis import strategies as st

from dashapp.domain.tables import COLUMNS, DTYPES, NOBODY, Codes, Events, joined, no_events

Row = tuple[int, int]  # key, time


def table(*rows: Row) -> Events:
    """Rows in this order; the other columns follow from the key, so that a mixed-up row shows."""
    key = np.array([key for key, _ in rows], dtype=np.uint64)
    small = (key % np.uint64(100)).astype(np.int64)
    return Events(
        key=key,
        at=np.array([at for _, at in rows], dtype=np.int64),
        user=(small + 1).astype(np.int32),
        facility=(small + 2).astype(np.int32),
        region=(small + 3).astype(np.int16),
        status=(small % 4).astype(np.int8),
        amount=small * 1_000_000,
        link=key + np.uint64(5),
    )


def same(one: Events, other: Events) -> bool:
    columns = [(getattr(one, name), getattr(other, name)) for name in COLUMNS]
    return all(a.dtype == b.dtype and a.tolist() == b.tolist() for a, b in columns)


def places(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(numbers, dtype=np.int64)


def test_dropped_rows_go_and_added_rows_are_put_in_by_time() -> None:
    old = table((1, 10), (2, 20), (3, 30))
    assert same(old.changed(places(1), table((5, 25), (4, 5))), table((4, 5), (1, 10), (5, 25), (3, 30)))


def test_a_row_added_at_the_time_of_others_comes_after_them() -> None:
    old = table((1, 10), (2, 10), (3, 20))
    assert same(old.changed(places(), table((4, 10))), table((1, 10), (2, 10), (4, 10), (3, 20)))


def test_a_row_may_be_replaced_in_its_place_and_the_last_may_go() -> None:
    assert same(table((1, 10), (2, 20)).changed(places(1), table((7, 20))), table((1, 10), (7, 20)))
    assert same(table((1, 10)).changed(places(0), no_events()), no_events())


TIMES = st.integers(0, 12)  # few enough for many rows of one time


@given(
    start=st.lists(TIMES, max_size=20),
    steps=st.lists(
        st.tuples(st.lists(TIMES, max_size=6), st.lists(st.integers(0, 40), max_size=8)), max_size=6
    ),
)
def test_any_changes_lead_to_what_a_table_made_anew_holds(
    start: list[int], steps: list[tuple[list[int], list[int]]]
) -> None:
    model: list[Row] = sorted(enumerate(start), key=lambda row: row[1])
    events, fresh_key = table(*model), 1_000
    for added, picks in steps:
        drop = sorted({pick % len(model) for pick in picks} if model else set())
        add = [(fresh_key + n, at) for n, at in enumerate(added)]
        fresh_key += len(add)
        before = table(*model)
        changed = events.changed(places(*reversed(drop)), table(*add))
        assert same(events, before), "the original was touched"
        kept = [row for place, row in enumerate(model) if place not in drop]
        model = sorted(kept + sorted(add, key=lambda row: row[1]), key=lambda row: row[1])
        events = changed
        assert same(events, table(*model))
        assert events.at.tolist() == sorted(events.at.tolist())


def test_rows_are_found_by_key_whatever_is_asked_besides() -> None:
    events = table((11, 1), (2**64 - 1, 2), (13, 3))
    assert events.find(keys(13, 99, 11, 2**64 - 1)).tolist() == [2, -1, 0, 1]
    assert events.find(keys()).tolist() == []
    assert no_events().find(keys(1, 2)).tolist() == [-1, -1]


def test_keys_that_end_in_the_same_bits_are_not_mixed_up() -> None:
    events = table((5, 1), (5 + 2**16, 2), (5 + 2**32, 3))
    assert events.find(keys(5 + 2**32, 5 + 2**48, 5)).tolist() == [2, -1, 0]


def test_very_many_keys_are_found_as_well() -> None:
    events, many = table(*((2 * key, 0) for key in range(5_000))), np.arange(9_000, dtype=np.uint64)
    assert events.find(many).tolist() == [-1 if key % 2 else key // 2 for key in range(9_000)]


def test_links_name_rows_by_the_text_of_their_id() -> None:
    the_lowest_bits_are_types = table((4, 10), (9, 20), (14, 30), (13, 40))
    assert the_lowest_bits_are_types.named(keys(7, 0, 11, 3, 15)).tolist() == [0, -1, 1, -1, 3]
    assert no_events().named(keys(7)).tolist() == [-1]


def test_rows_compare_in_every_column() -> None:
    events, rows = table((1, 10), (2, 20)), places(0, 1)
    assert events.same(rows, table((1, 10), (2, 20))).tolist() == [True, True]
    for name in COLUMNS:
        columns = {column: getattr(events, column).copy() for column in COLUMNS}
        columns[name][1] += 1
        assert events.same(rows, Events(**columns)).tolist() == [True, False], name


def test_rows_between_two_times_include_the_start_and_not_the_end() -> None:
    events = table((1, 10), (2, 20), (3, 20), (4, 30))
    assert events.between(10, 30) == (0, 3)
    assert events.between(20, 21) == (1, 3)
    assert events.between(0, 10) == (0, 0)
    assert events.between(20, 20) == (1, 1)
    assert events.between(31, 10) == (4, 4)


def test_codes_are_given_in_order_of_appearance() -> None:
    names = [f"rep-{n}" for n in range(50)]
    codes = Codes(["first"])
    assert codes.encode([*names, None, "first", *names]).tolist() == [*range(1, 51), -1, 0, *range(1, 51)]
    assert codes.names == ("first", *names)


def test_joined_parts_are_sorted_and_of_one_key_the_last_counts() -> None:
    parts = [table((1, 30), (2, 20)), no_events(), table((3, 10), (1, 5))]
    assert same(joined(parts), table((1, 5), (3, 10), (2, 20)))
    assert same(joined([table((1, 2), (2, 1))]), table((2, 1), (1, 2)))


def test_no_events_have_the_right_types() -> None:
    for events in (no_events(), joined([]), joined([no_events()])):
        assert len(events) == 0
        assert {name: getattr(events, name).dtype for name in COLUMNS} == DTYPES


def test_sorting_keeps_the_order_of_rows_of_one_time() -> None:
    assert same(table((1, 20), (2, 10), (3, 10)).sorted(), table((2, 10), (3, 10), (1, 20)))


@pytest.mark.parametrize("names", [["b", "a", "b"], [None, "a", None], [], ["", " "]])
def test_every_name_has_a_code_of_its_own_and_none_has_none(names: list[str | None]) -> None:
    codes = Codes()
    found = codes.encode(names)
    assert found.dtype == np.int32
    assert [None if code == NOBODY else codes.names[code] for code in found.tolist()] == names
    assert len(codes) == len(codes.names) == len({name for name in names if name is not None})


def test_codes_only_ever_grow() -> None:
    codes = Codes(("Unassigned",))
    before = codes.names
    assert codes.encode(["Coast", "Unassigned"]).tolist() == [1, 0]
    assert (before, codes.names) == (("Unassigned",), ("Unassigned", "Coast"))
    assert codes.code("Coast") == 1


def test_many_changes_and_few_lead_to_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    old, added = table(*((n, n * 10) for n in range(1, 40))), table((90, 5), (91, 170), (92, 999))
    few = old.changed(places(0, 3, 17, 38), added)
    monkeypatch.setattr("dashapp.domain.tables.MANY_CHANGES", 0)
    assert same(few, old.changed(places(0, 3, 17, 38), added))
    assert len(few) == 38
