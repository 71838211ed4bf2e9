"""Results beside the data: computed once, errors not kept, the oldest forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from dashapp.domain.memo import Memo

THREADS = 8


def test_a_result_is_computed_once_and_kept() -> None:
    memo, made = Memo(), list[int]()
    for _ in range(3):
        assert memo.get("key", lambda: made.append(1) or "result") == "result"  # type: ignore[func-returns-value]
    assert made == [1]


def test_none_is_a_result_too() -> None:
    memo, made = Memo(), list[int]()
    for _ in range(2):
        assert memo.get("key", lambda: made.append(1)) is None
    assert made == [1]


def test_eight_threads_at_once_share_one_computation() -> None:
    memo, together, asked = Memo(), Barrier(THREADS), Event()
    made = []

    def compute() -> object:
        asked.wait(0.1)  # long enough for the others to arrive
        made.append(object())
        return made[-1]

    def ask(_n: int) -> object:
        together.wait()
        return memo.get("key", compute)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask, range(THREADS)))
    assert len(made) == 1
    assert all(answer is made[0] for answer in answers)


def test_everyone_who_waited_sees_the_error_and_it_is_not_kept() -> None:
    memo, together, asked = Memo(), Barrier(THREADS), Event()
    tried = []

    def fail() -> int:
        asked.wait(0.1)
        tried.append(1)
        raise ValueError("no data")

    def ask(_n: int) -> str:
        together.wait()
        try:
            return str(memo.get("key", fail))
        except ValueError as error:
            return f"failed: {error}"

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(ask, range(THREADS))) == {"failed: no data"}
    assert tried == [1]
    assert memo.get("key", lambda: 5) == 5


def test_a_computation_may_ask_for_another_result() -> None:
    memo = Memo()
    assert memo.get("outer", lambda: memo.get("inner", lambda: 2) + 1) == 3
    assert memo.get("inner", lambda: pytest.fail("kept")) == 2


def test_another_key_does_not_wait_for_a_slow_computation() -> None:
    memo, started, go_on = Memo(), Event(), Event()

    def slow() -> str:
        started.set()
        assert go_on.wait(5)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(memo.get, "slow", slow)
        assert started.wait(5)
        assert memo.get("quick", lambda: "quick") == "quick"
        assert not waiting.done()
        go_on.set()
        assert waiting.result(5) == "slow"


def test_beyond_its_capacity_the_result_unused_for_longest_is_forgotten() -> None:
    memo, made = Memo(capacity=2), list[str]()

    def ask(key: str) -> None:
        memo.get(key, lambda: made.append(key))

    for key in ("a", "b", "a", "c", "a", "c", "b"):
        ask(key)
    assert made == ["a", "b", "c", "b"]
