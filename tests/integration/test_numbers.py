"""Every number, on both databases, against the naive reading of the contract."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import naive
import pytest
from dirty import COLLECTIONS, LINK_FIELD, Case, Document, Documents, Query, cases, changing_cases, queries
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashapp.domain.numbers import put_out
from dashapp.domain.scope import Scope, day_range, last_days
from dashapp.live.refresher import Refresher
from dashapp.live.store import Store
from dashapp.metrics import answers
from dashapp.metrics.pulse import hourly, pulse
from dashapp.metrics.view import View
from dashapp.source.documents import DocumentStore
from dashapp.source.embedded import EmbeddedStore
from dashapp.source.load import CleanSource
from dashapp.source.mapping import key_of
from dashapp.source.mongo import MongoStore

pytestmark = pytest.mark.timeout(900)  # hundreds of databases each
ONLINE_MINUTES: Final = 5
DATABASE: Final = f"numbers_test_{os.getpid()}"  # several runs may share a server
DEFAULT_DAYS: Final = {"users-activity": 7}


def thorough(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


# --- The databases


@pytest.fixture(scope="module", params=["embedded", "mongo"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DocumentStore]:
    if request.param == "embedded":
        embedded = EmbeddedStore(tmp_path_factory.mktemp("numbers"))
        yield embedded
        embedded.close()
        return
    mongo = MongoStore(request.getfixturevalue("mongo_uri"), DATABASE)
    yield mongo
    empty(mongo)
    mongo.close()


def empty(store: DocumentStore) -> None:
    for collection in COLLECTIONS:
        if found := [document["_id"] for document in store.documents(collection)]:
            store.delete(collection, found)


def write(store: DocumentStore, documents: Mapping[str, Sequence[Document]], **more: Any) -> None:
    for collection, some in documents.items():
        if some:
            store.write(collection, [{**document, **more} for document in some])


# --- The application


class Application:
    """The live copy of a database at the present of a case."""

    def __init__(self, store: DocumentStore, case: Case) -> None:
        self.case = case
        self.live = Store(clock=lambda: case.now)
        self.refresher = Refresher(
            CleanSource(store), self.live, zone=case.zone, history_days=case.history_days, sync_seconds=0.01
        )
        self.refresh()

    def refresh(self) -> None:
        assert self.refresher.refresh_once()

    @property
    def version(self) -> str:
        return self.live.snapshot().version

    @property
    def faults(self) -> Any:
        """How many documents were rejected and repaired, by collection and reason."""
        snapshot = self.live.snapshot()
        return snapshot.rejected, snapshot.repaired

    def asked(self, endpoint: str, query: Query) -> Any:
        """The `data` that a reader gets from `/api/analytics/live/<endpoint>`."""
        view = View(self.live.snapshot(), scope_of(endpoint, query, self.case))
        if endpoint == "top-performers":
            return as_json(answers.top_performers(view, int(str(query.get("topN", 10)))))
        return as_json(getattr(answers, endpoint.replace("-", "_"))(view))

    def all_asked(self, query: Query) -> dict[str, Any]:
        return {endpoint: self.asked(endpoint, allowed(endpoint, query)) for endpoint in naive.ENDPOINTS}

    def public(self) -> Any:
        """The `metrics` and `chart_data` that a reader gets from `/accounts/analytics/realtime/`."""
        snapshot, case = self.live.snapshot(), self.case
        return as_json(
            {
                "metrics": pulse(snapshot, case.now, case.zone, ONLINE_MINUTES),
                "chart_data": hourly(snapshot, case.now, case.zone),
            }
        )


def scope_of(endpoint: str, query: Query, case: Case) -> Scope:
    if "from" in query:
        first_on, last_on = (date.fromisoformat(str(query[name])) for name in ("from", "to"))
        window = day_range(first_on, last_on, case.now, case.zone)
    else:
        days = (
            1 if endpoint == "realtime" else int(str(query.get("daysBack", DEFAULT_DAYS.get(endpoint, 30))))
        )
        window = last_days(days, case.now, case.zone)
    regions, users = query.get("region"), query.get("userId")
    return Scope(window, tuple(regions) if regions else None, tuple(users) if users else None)


def as_json(value: Any) -> Any:
    """Exact fractions rounded, times as ISO-8601."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return put_out(value)


# --- Comparing


def allowed(endpoint: str, query: Query) -> Query:
    """The parameters that the endpoint takes."""
    refused = {"daysBack", "from", "to"} if endpoint == "realtime" else set()
    refused |= set() if endpoint == "top-performers" else {"topN"}
    return {name: value for name, value in query.items() if name not in refused}


def questions(data: st.DataObject, case: Case) -> list[Query]:
    """The default, the one that the times are chosen for, and any."""
    return [{}, {"daysBack": str(case.days)}, *data.draw(st.lists(queries(case), min_size=1, max_size=2))]


def check_answers(application: Application, case: Case, asked: Sequence[Query]) -> None:
    for query in asked:
        for endpoint in naive.ENDPOINTS:
            fitting = allowed(endpoint, query)
            expected = naive.answer(
                endpoint,
                case.documents,
                fitting,
                now=case.now,
                zone=case.zone,
                history_days=case.history_days,
            )
            same(application.asked(endpoint, fitting), expected, f"{endpoint} {fitting}")


def check_links(application: Application, case: Case) -> None:
    """An event names another by its id as text; only what has a place in the tables can be named."""
    snapshot = application.live.snapshot()
    for table, before, kind, named_kind in (
        (snapshot.quotations, snapshot.visits, "quotations", "visits"),
        (snapshot.orders, snapshot.quotations, "orders", "quotations"),
    ):
        names = {key_of(one["_id"]): naive.text(one.get(LINK_FIELD[kind])) for one in case.documents[kind]}
        ids = {key_of(one["_id"]): str(one["_id"]) for one in case.documents[named_kind]}
        held = {ids[key] for key in before.key.tolist()}
        wanted = [name if name in held else None for name in map(names.get, table.key.tolist())]
        rows = before.named(table.link).tolist()
        assert [None if row < 0 else ids[int(before.key[row])] for row in rows] == wanted


def check_public(application: Application, case: Case) -> None:
    expected = naive.public_realtime(
        case.documents, case.now, case.zone, ONLINE_MINUTES, history_days=case.history_days
    )
    found = application.public()
    same(found, expected, "public")
    assert list(found["metrics"]["tier_distribution"]) == list(expected["metrics"]["tier_distribution"])


def same(found: Any, expected: Any, asked: str) -> None:
    assert list(differences(found, expected, asked)) == []


def differences(found: Any, expected: Any, where: str) -> Iterator[str]:
    """What differs, type included: 0 is not 0.0."""
    if isinstance(found, dict) and isinstance(expected, dict) and found.keys() == expected.keys():
        for key in expected:
            yield from differences(found[key], expected[key], f"{where} / {key}")
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for n, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from differences(one, other, f"{where} / {n}")
    elif type(found) is not type(expected) or found != expected:
        yield f"{where}: {found!r} instead of {expected!r}"


# --- Properties


@thorough(300)
@given(data=st.data(), case=cases())
def test_every_answer_is_what_the_contract_says(
    store: DocumentStore, data: st.DataObject, case: Case
) -> None:
    empty(store)
    write(store, case.documents)
    application = Application(store, case)
    check_answers(application, case, questions(data, case))
    check_links(application, case)
    check_public(application, case)
    rejected = {collection: sum(reasons.values()) for collection, reasons in application.faults[0].items()}
    assert rejected == naive.rejected(case.documents)


@thorough(40)
@given(data=st.data(), case=changing_cases())
def test_changes_lead_to_the_answers_of_a_fresh_load(
    store: DocumentStore, data: st.DataObject, case: Case
) -> None:
    # A sign-in is only ever added: it has no time of change by which polling would find anything else.
    logins = {repr(login["_id"]): login for login in case.documents["logins"] + case.before["logins"]}
    case = replace(case, documents={**case.documents, "logins": list(logins.values())})
    apply_and_compare(store, case, data, lambda refresher: refresher._counting.hasten(), timely=True)


@thorough(40)
@given(data=st.data(), case=changing_cases())
def test_silent_changes_are_found_by_comparing(store: DocumentStore, data: st.DataObject, case: Case) -> None:
    apply_and_compare(store, case, data, lambda refresher: refresher._comparing.hasten(), timely=False)


def apply_and_compare(
    store: DocumentStore,
    case: Case,
    data: st.DataObject,
    hasten: Callable[[Refresher], None],
    *,
    timely: bool,
) -> None:
    """Load what was before, then bring in what changed; `timely` changes tell when they were made."""
    empty(store)
    write(store, case.before)
    application = Application(store, case)
    asked = questions(data, case)
    version, earlier = application.version, [application.all_asked(query) for query in asked]
    change(store, case.before, case.documents, timely=timely)
    hasten(application.refresher)
    application.refresh()
    fresh = Application(store, case)
    check_answers(application, case, asked)
    check_links(application, case)
    check_public(application, case)
    assert application.version == fresh.version
    assert application.version != version or [application.all_asked(query) for query in asked] == earlier
    assert application.faults == fresh.faults


def change(store: DocumentStore, before: Documents, after: Documents, *, timely: bool) -> None:
    """Write what is new or different, delete what is gone."""
    changed_at = datetime.now(UTC).replace(tzinfo=None)
    if not timely:
        changed_at -= timedelta(days=1)
    for collection in COLLECTIONS:
        old = {repr(document["_id"]): document for document in before[collection]}
        new = {repr(document["_id"]): document for document in after[collection]}
        written = [one for key, one in new.items() if one is not old.get(key)]
        write(store, {collection: written}, updatedAt=changed_at)
        gone = [document["_id"] for key, document in old.items() if key not in new]
        if gone:
            store.delete(collection, gone)
