"""Pictures kept, and the queue of those to be drawn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Final

from dashapp.errors import Busy

MOST_BYTES: Final = 32_000_000
MOST_WAITING: Final = 24  # threads of the server; it has so many more
MOST_NOTED: Final = 10_000
PATIENCE_SECONDS: Final = 10.0


class Album:
    """The pictures asked for last, by key, as many as fit in `most_bytes`.

    A picture is drawn once, however many ask for it at a time, and one after the other, so that the rest of
    the server keeps its processors. Whoever would be one too many in the queue, or has waited too long, gets
    Busy.
    """

    def __init__(
        self,
        most_bytes: int = MOST_BYTES,
        most_waiting: int = MOST_WAITING,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._most_bytes, self._most_waiting = most_bytes, most_waiting
        self._patience = patience_seconds
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._noted: OrderedDict[str, str] = OrderedDict()
        self._under_way: dict[str, Future[bytes]] = {}
        self._waiting = 0
        self._lock, self._pencil = Lock(), Lock()

    def first(self, key: str, words: str) -> str:
        """What was said here with this key the first time."""
        with self._lock:
            said = self._noted.setdefault(key, words)
            self._noted.move_to_end(key)
            if len(self._noted) > MOST_NOTED:
                self._noted.popitem(last=False)
            return said

    def get(self, key: str, draw: Callable[[], bytes]) -> bytes:
        """The picture of this key, drawn now if it is not there; raises Busy."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            if self._waiting >= self._most_waiting:
                raise Busy
            self._waiting += 1
            picture = self._under_way.get(key)
            mine = picture is None
            if picture is None:
                picture = self._under_way[key] = Future()
        try:
            if mine:
                self._fill(key, picture, draw)
            return picture.result(self._patience)
        except TimeoutError:
            raise Busy from None
        finally:
            with self._lock:
                self._waiting -= 1

    def _fill(self, key: str, picture: Future[bytes], draw: Callable[[], bytes]) -> None:
        try:
            drawn = self._drawn(draw)
        except BaseException as error:
            with self._lock:
                del self._under_way[key]
            picture.set_exception(error)
            return
        with self._lock:
            del self._under_way[key]
            self._kept[key] = drawn
            self._size += len(drawn)
            while self._size > self._most_bytes:
                self._size -= len(self._kept.popitem(last=False)[1])
        picture.set_result(drawn)

    def _drawn(self, draw: Callable[[], bytes]) -> bytes:
        if not self._pencil.acquire(timeout=self._patience):
            raise Busy
        try:
            return draw()
        finally:
            self._pencil.release()
