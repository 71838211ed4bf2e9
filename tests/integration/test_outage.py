"""The database goes away and comes back; the application goes on answering, and says how old its data are."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from builders import AppServer, app_server
from outage import (
    LIVE,
    PULSE,
    Failure,
    Network,
    Outage,
    new_visit,
    organisation,
    signing_in,
    suffer,
    token,
)
from scripted_mongo import ScriptedMongo

from dashapp.source.mongo import MongoStore

SECONDS = float(os.environ.get("OUTAGE_SECONDS", "12"))
KINDS: tuple[tuple[Failure, float], ...] = (("refused", 0), ("frozen", 0), ("forgotten", 0), ("frozen", 2))
GRACE: dict[Failure, float] = {"refused": 3, "frozen": 7, "forgotten": 7}
LONGEST_ANSWER_SECONDS = 1.0
RECOVERY_SECONDS = 5.0


def through_an_outage(server_uri: str, how: Failure, sign_ins_per_second: float) -> Outage:
    database = f"test_outage_{how}_{sign_ins_per_second:.0f}_{os.getpid()}"
    direct = MongoStore(server_uri, database)
    for collection, documents in organisation(2_000, datetime.now(UTC).replace(tzinfo=None)).items():
        direct.write(collection, documents)
    try:
        with (
            Network(urlsplit(server_uri).port or 27017) as network,
            app_server(MONGODB_URI=f"mongodb://127.0.0.1:{network.port}/", MONGODB_DB=database) as server,
            signing_in(server, sign_ins_per_second),
        ):
            write = lambda: direct.write("visits", [new_visit(_id="meanwhile")])  # noqa: E731
            return suffer(server, network, how, grace=GRACE[how], seconds=SECONDS, write=write)
    finally:
        direct._client.drop_database(database)
        direct.close()


@pytest.fixture(scope="module")
def outages(mongo_uri: str) -> list[Outage]:
    """Every kind of outage, all at the same time."""
    with ThreadPoolExecutor(len(KINDS)) as pool:
        found = list(pool.map(lambda kind: through_an_outage(mongo_uri, *kind), KINDS))
    for outage in found:
        print(outage)
    return found


@pytest.fixture(
    params=range(len(KINDS)), ids=["refused", "frozen", "forgotten", "frozen while people sign in"]
)
def outage(request: pytest.FixtureRequest, outages: list[Outage]) -> Outage:
    return outages[request.param]


def test_every_question_is_answered_while_the_database_is_away(outage: Outage) -> None:
    assert [reading for reading in (*outage.early, *outage.readings) if reading.status != 200] == []


def test_answers_say_that_their_data_are_old(outage: Outage) -> None:
    assert {reading.path.partition("?")[0] for reading in outage.readings} > {PULSE, LIVE + "dashboard"}
    assert [reading for reading in outage.readings if not reading.stale] == []


def test_no_answer_waits_for_the_database(outage: Outage) -> None:
    slow = [one for one in (*outage.early, *outage.readings) if one.seconds > LONGEST_ANSWER_SECONDS]
    assert slow == []


def test_everything_is_fresh_soon_after_the_database_is_back(outage: Outage) -> None:
    assert outage.fresh_after_seconds <= RECOVERY_SECONDS
    assert outage.written_after_seconds <= RECOVERY_SECONDS


def test_the_process_outlives_the_outage(outage: Outage) -> None:
    assert outage.same_process


# --- No database at the start


def test_a_server_started_before_its_database_says_so_and_needs_no_restart() -> None:
    database = ScriptedMongo(refuse_streams=True)
    database.start()
    database.stop()
    database.insert("shop", "visits", new_visit(), new_visit())
    with app_server(wait_for="unhealthy", MONGODB_URI=database.uri, MONGODB_DB="shop") as server:
        assert server.process is not None
        process = server.process.pid
        assert_without_data(server)
        database.start()
        server.wait_for("healthy", seconds=10)
        assert server.live("realtime", token())["visits_today"] == 2
        assert server.get(PULSE).json["source"] == "live"
        assert (server.process.pid, server.process.poll()) == (process, None)
    database.stop()


def assert_without_data(server: AppServer) -> None:
    """The API says when to come back, health that there is nothing yet; the pulse shows samples, named so."""
    for path in (LIVE + "dashboard", LIVE + "realtime", LIVE + "trends"):
        answer = server.get(path, token())
        assert (answer.status, answer.json["error"]["code"]) == (503, "loading")
        assert int(answer.headers["Retry-After"]) > 0
    for path in ("/health", LIVE + "health"):
        health = server.get(path)
        assert (health.status, health.json["status"]) == (503, "unhealthy")
        assert health.json["database"]["connected"] is False
    pulse = server.get(PULSE)
    assert (pulse.status, pulse.json["status"], pulse.json["source"]) == (200, "fallback", "sample")
