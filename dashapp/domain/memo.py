"""Results kept beside the data they were computed from; each is computed once, however many ask at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Memo:
    """The newest `capacity` results. A failed computation is not kept: whoever waited sees its error."""

    def __init__(self, capacity: int = 512) -> None:
        self._results: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._capacity = capacity
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        with self._lock:
            result = self._results.get(key)
            mine = result is None
            if result is None:
                result = self._results[key] = Future()
                if len(self._results) > self._capacity:
                    self._results.popitem(last=False)
            else:
                self._results.move_to_end(key)
        if mine:
            try:
                result.set_result(compute())
            except BaseException as error:
                with self._lock:
                    self._results.pop(key, None)
                result.set_exception(error)
        return cast(T, result.result())
