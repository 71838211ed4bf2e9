"""The album keeps what was drawn, draws once and one at a time, and says when it is too much."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from dashapp.charts.album import Album
from dashapp.errors import Busy


def never() -> bytes:
    raise AssertionError("drawn again")


def test_a_picture_is_drawn_once() -> None:
    album = Album()
    assert album.get("a", lambda: b"first") == b"first"
    assert album.get("a", never) == b"first"
    assert album.get("b", lambda: b"second") == b"second"


def test_whoever_asks_meanwhile_gets_the_same_picture() -> None:
    album, begun, go_on = Album(), Event(), Event()

    def slowly() -> bytes:
        begun.set()
        go_on.wait(10)
        return b"slow"

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(album.get, "a", slowly)
        assert begun.wait(10)
        others = [pool.submit(album.get, "a", never) for _ in range(3)]
        go_on.set()
        assert [one.result(10) for one in (first, *others)] == [b"slow"] * 4


def test_the_pictures_asked_for_last_are_kept_as_many_as_fit() -> None:
    album = Album(most_bytes=10)
    for key in ("a", "b", "c"):
        album.get(key, lambda: b"1234")
    assert album.get("b", never) == b"1234"
    assert album.get("a", lambda: b"again") == b"again"  # c was asked for longest ago, and goes
    assert album.get("b", never) == b"1234"
    assert album.get("c", lambda: b"anew") == b"anew"
    assert album.get("huge", lambda: b"x" * 11) == b"x" * 11
    assert album.get("b", lambda: b"gone") == b"gone"


def test_one_picture_is_drawn_at_a_time() -> None:
    album, drawing, most, together = Album(), 0, 0, Barrier(8)

    def watched(key: str) -> bytes:
        def draw() -> bytes:
            nonlocal drawing, most
            drawing += 1
            most = max(most, drawing)
            Event().wait(0.005)
            drawing -= 1
            return key.encode()

        together.wait(10)
        return album.get(key, draw)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(watched, "abcdefgh")) == [key.encode() for key in "abcdefgh"]
    assert most == 1


def test_one_too_many_is_sent_away_at_once_and_what_is_kept_is_given_all_the_same() -> None:
    album, begun, go_on = Album(most_waiting=1), Event(), Event()
    album.get("kept", lambda: b"kept")

    def slowly() -> bytes:
        begun.set()
        go_on.wait(10)
        return b"slow"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(album.get, "a", slowly)
        assert begun.wait(10)
        for key in ("a", "b"):
            with pytest.raises(Busy):
                album.get(key, never)
        assert album.get("kept", never) == b"kept"
        go_on.set()
        assert first.result(10) == b"slow"
    assert album.get("b", lambda: b"b") == b"b"


def test_nobody_waits_for_ever() -> None:
    album, begun, go_on = Album(patience_seconds=0.05), Event(), Event()

    def slowly() -> bytes:
        begun.set()
        go_on.wait(10)
        return b"slow"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(album.get, "a", slowly)
        assert begun.wait(10)
        for key in ("a", "b"):
            with pytest.raises(Busy) as told:
                album.get(key, never)
            assert (told.value.status, told.value.retry_after_seconds) == (503, 2)
        go_on.set()
        assert first.result(10) == b"slow"


def test_a_picture_that_failed_is_tried_again() -> None:
    album = Album()

    def fail() -> bytes:
        raise ValueError("spilt ink")

    for _ in range(2):
        with pytest.raises(ValueError, match="spilt ink"):
            album.get("a", fail)
    assert album.get("a", lambda: b"dry") == b"dry"


def test_what_was_said_first_is_remembered() -> None:
    album = Album()
    assert album.first("numbers", "10:32") == "10:32"
    assert album.first("numbers", "10:33") == "10:32"
    assert album.first("other numbers", "10:33") == "10:33"
