"""When the models run, what is kept, and what a restart has at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import NAIROBI, Document, snapshot
from predicting import NOON, orders_of

from dashapp import fitting
from dashapp.fitting import Basis, Child, FitFailed, Fitter, Shelf
from dashapp.live.store import Store
from dashapp.metrics.models.fit import predict
from dashapp.metrics.models.history import Material
from dashapp.metrics.models.latest import Latest


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Models:
    """Stands in for the process that runs the models; counts how often it was asked."""

    def __init__(self) -> None:
        self.runs = 0
        self.fails: Exception | None = None

    def __call__(self, material: Material, cut_off: datetime, zone: ZoneInfo) -> str:
        self.runs += 1
        if self.fails is not None:
            raise self.fails
        return predict(material, cut_off, zone).to_json()


class World:
    """A store whose orders and clock can be changed, and a fitter over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock, self.models = Clock(), Models()
        self.live, self.latest = Store(self.clock), Latest()
        self.fitter = self.restarted()

    def restarted(self, database: str = "embedded") -> Fitter:
        return Fitter(
            self.live,
            self.latest,
            zone=NAIROBI,
            folder=self.folder,
            database=database,
            run=self.models,
        )

    def hold(self, orders: list[Document], **fields: Any) -> None:
        made = snapshot(orders=orders)
        self.live.publish(made if not fields else type(made)(**{**made.__dict__, **fields}))

    def look(self) -> int:
        """Look, and say how often the models have run by now."""
        self.fitter.look()
        return self.models.runs


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(fitting, "LEAST_REST_SECONDS", 0.0)
    monkeypatch.setattr(fitting, "SPARED", 0)
    return World(tmp_path)


def test_the_models_run_once_for_one_state_of_the_data(world: World) -> None:
    assert world.look() == 0  # nothing loaded yet
    world.hold(orders_of(range(1, 30)))
    assert world.latest.version is None
    assert (world.look(), world.look()) == (1, 1)
    reading = world.latest.reading
    assert reading is not None and reading.predictions.trained_on["orders"] == 29


def test_half_loaded_data_are_not_learnt_from(world: World) -> None:
    world.hold(orders_of([1]), partial=True)
    assert world.look() == 0


def test_a_new_day_and_a_changed_past_are_learnt_from(world: World) -> None:
    past = orders_of(range(1, 30))
    world.hold(past)
    assert world.look() == 1
    world.hold([*past, *orders_of([0])])  # today does not belong to the past
    assert world.look() == 1
    world.clock.now += timedelta(days=1)
    assert world.look() == 2
    world.hold([*past, *orders_of([0, 20])])
    assert world.look() == 3


def test_a_change_of_less_than_one_in_a_hundred_waits_for_the_next_day() -> None:
    made = Basis("embedded", "UTC", "2026-05-20", 1000, 1_000_000)
    assert made.serves(Basis("embedded", "UTC", "2026-05-20", 1005, 1_005_000))
    assert not made.serves(Basis("embedded", "UTC", "2026-05-20", 1020, 1_000_000))
    assert not made.serves(Basis("embedded", "UTC", "2026-05-20", 1000, 980_000))
    assert not made.serves(Basis("other", "UTC", "2026-05-20", 1000, 1_000_000))
    assert not made.serves(Basis("embedded", "UTC", "2026-05-20", 1000, 1_000_000, code="next"))


def test_the_models_rest_between_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LEAST_REST_SECONDS", 1000.0)
    world.hold(orders_of([1]))
    assert world.look() == 1
    world.hold(orders_of([1, 2, 3]))
    assert world.look() == 1


def test_a_restart_has_the_kept_ones_at_once(world: World) -> None:
    world.hold(orders_of(range(1, 30)))
    world.look()
    kept = world.latest.version
    assert (world.folder / "predictions.json").stat().st_mode & 0o077 == 0
    world.latest = Latest()
    world.fitter = world.restarted()
    world.fitter.take_kept()
    assert world.latest.version == kept is not None
    assert world.look() == 1  # still as good as new


def test_those_of_another_database_are_not_taken_over(world: World) -> None:
    world.hold(orders_of(range(1, 30)))
    world.look()
    world.latest = Latest()
    world.fitter = world.restarted("another")
    world.fitter.take_kept()
    assert world.latest.version is None
    assert world.look() == 2


def test_a_damaged_file_is_as_good_as_none(world: World) -> None:
    world.hold(orders_of(range(1, 30)))
    world.look()
    for text in ("", "nonsense", '{"database": 1}\n{}', "[]\n[]"):
        (world.folder / "predictions.json").write_text(text)
        assert Shelf(world.folder).read() is None
    world.latest = Latest()
    world.fitter = world.restarted()
    assert world.look() == 2


def test_another_process_that_is_at_it_is_waited_for(world: World) -> None:
    world.hold(orders_of(range(1, 30)))
    with Shelf(world.folder).alone() as alone:
        assert alone
        assert world.look() == 0
        other = world.restarted()
    other.look()
    assert world.models.runs == 1
    mine = Latest()
    world.latest = mine
    world.fitter = world.restarted()
    assert world.look() == 1 and mine.version is not None


def test_a_failure_is_logged_and_tried_again_later(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.hold(orders_of([1]))
    world.models.fails = FitFailed("no memory")
    assert (world.look(), world.look()) == (1, 1)
    assert "no memory" in caplog.text
    assert world.latest.version is None


def test_results_that_cannot_be_kept_are_still_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Shelf, "write", full)
    world.hold(orders_of([1]))
    assert world.look() == 1
    assert world.latest.version is not None


def test_the_child_process_says_the_same_as_the_models_here() -> None:
    material = Material.of(snapshot(orders=[*orders_of(range(1, 400)), *orders_of([3], "other")]))
    assert Child()(material, NOON, NAIROBI) == predict(material, NOON, NAIROBI).to_json()


def test_a_child_that_breaks_says_why_in_one_line() -> None:
    broken: Callable[..., Any] = Child()
    with pytest.raises(FitFailed, match=r"^\S+Error: [^\n]*$"):
        broken("no material", NOON, NAIROBI)
