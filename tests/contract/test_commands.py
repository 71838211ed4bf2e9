"""The commands: accounts, demo data, diagnosis, moving data; and settings that stop the start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import bson
import pytest
from builders import ROOT, AppServer, free_port
from contract.conftest import PASSWORD, Here, assert_refused, organisation, server_over, write

from dashapp.domain.vocabulary import COLLECTIONS
from dashapp.source.embedded import EmbeddedStore

Done = subprocess.CompletedProcess[str]
LOGIN: Final = "/api/auth/login"


def assert_one_line(done: Done, *words: str) -> None:
    """The command failed and says why in one line for people."""
    assert done.returncode != 0
    assert done.stdout.strip() == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def contents(folder: Path) -> dict[str, dict[bytes, bytes]]:
    """Every document of an embedded database, types and all."""
    store = EmbeddedStore(folder)
    return {
        name: {bson.encode({"": one["_id"]}): bson.encode(one) for one in store.documents(name)}
        for name in COLLECTIONS
    }


# --- Commands that do not depend on each other run side by side


BAD: Final[tuple[dict[str, str], ...]] = (
    {"PORT": "http"},
    {"JWT_SECRET": "too short"},
    {"MONGODB_URI": "mongodb://127.0.0.1/x", "SECRET_KEY": ""},
    {"MONGODB_URI": "mongodb://127.0.0.1:port:more/"},
    {"MONGODB_URI": "mongodb://127.0.0.1/x", "MONGODB_DB": "a b$"},
    {"DATA_DIR": "/dev/null/x"},
)
SERVER: Final = ("gunicorn", "wsgi:app")
COMMAND: Final = ("flask", "--app", "wsgi", "users", "list")


LINES: Final = ('{"_id": "a", "name": "A"}', "nonsense", '{"name": "no id"}', "[]", "", '{"_id": "b"}')
NEW: Final = ("--password", PASSWORD)
COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "list": ("users", "list"),
    "doctor": ("doctor",),
    "known e-mail": ("users", "create", "ADA@example.org", *NEW),
    "no e-mail": ("users", "create", "no-address", *NEW),
    "unknown role": ("users", "create", "b@example.org", "--role", "owner", *NEW),
    "short password": ("users", "set-password", "ada@example.org", "--password", "short"),
    "nobody": ("users", "deactivate", "nobody@example.org"),
    "not empty": ("demo", "seed"),
    "no folder": ("import", "dashapp"),
}
Runs = Mapping[str, "Future[Any]"]


def started(program: tuple[str, ...], environment: dict[str, str], folder: Path) -> Done | None:
    """How the start ended; None where it did not within half a minute."""
    settings = AppServer(environment, folder).settings
    process = subprocess.Popen(
        [sys.executable, "-m", *program],
        cwd=ROOT,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        told, problems = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate(timeout=20)
        return None
    return subprocess.CompletedProcess(program, process.returncode, told, problems)


def seeded_and_cleared(folder: Path) -> AppServer:
    """Demo data written, something of one's own added, the demo data removed."""
    server = AppServer(folder=folder)
    server.flask("demo", "seed")
    store = EmbeddedStore(folder)
    assert all(store.count(name, None) for name in COLLECTIONS)
    own = {"_id": "mine", "email": "mine@example.org", "name": "Mine", "role": "admin"}
    write(server, {"users": [own], "visits": [{"_id": "v", "userId": "mine"}]})
    assert "Removed" in server.flask("demo", "clear").stdout
    return server


@pytest.fixture(scope="module")
def idle(here: Here, tmp_path_factory: pytest.TempPathFactory) -> AppServer:
    """Settings and a database for commands; nothing listens."""
    server = AppServer({"TIMEZONE": here.zone.key}, tmp_path_factory.mktemp("idle"))
    write(server, organisation(here))
    return server


@pytest.fixture(scope="module")
def runs(idle: AppServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("runs")
    lost = AppServer({"MONGODB_URI": f"mongodb://user:hidden@127.0.0.1:{free_port()}/x"}, folder / "lost")
    lines = AppServer(folder=folder / "lines")
    lines.folder.mkdir()
    (lines.folder / "facilities.ndjson").write_text("\n".join(LINES))
    with ThreadPoolExecutor(3) as pool:
        running: dict[str, Future[Any]] = {
            f"away: {words[0]}": pool.submit(lost.flask, *words, check=False)
            for words in (("doctor",), ("users", "list"), ("export", str(folder / "exported")))
        }
        running["demo"] = pool.submit(seeded_and_cleared, folder / "demo")
        running |= {name: pool.submit(idle.flask, *words, check=False) for name, words in COMMANDS.items()}
        running["lines"] = pool.submit(lines.flask, "import", str(lines.folder), check=False)
        for number, environment in enumerate(BAD):
            for program in (COMMAND, SERVER):
                start = pool.submit(started, program, environment, folder / "start")
                running[f"{program[0]} {number}"] = start
        yield running


# --- Accounts


def test_accounts_are_listed(runs: Runs) -> None:
    lines = runs["list"].result().stdout.splitlines()
    assert len(lines) == 7
    assert sum("not active" in line for line in lines) == 1
    assert any("ada@example.org" in line and "admin" in line for line in lines)
    assert "$argon2" not in "".join(lines)


def test_accounts_are_made_changed_and_ended_by_command(here: Here) -> None:
    with server_over({}, here) as server:
        made = server.flask(
            *("users", "create", " New@Example.org ", "--name", "New One", "--role", "manager"),
            *("--region", "Coast", "--password", PASSWORD),
        )
        assert "new@example.org" in made.stdout
        answer = server.post_json(LOGIN, {"email": "new@example.org", "password": PASSWORD})
        assert answer.json["user"] | {"id": ""} == {
            "id": "",
            "email": "new@example.org",
            "name": "New One",
            "role": "manager",
        }
        assert answer.json["user"]["id"] in made.stdout
        assert PASSWORD not in made.stdout + made.stderr

        server.flask("users", "set-password", "NEW@example.org", "--password", "another password")
        assert_refused(server.post_json(LOGIN, {"email": "new@example.org", "password": PASSWORD}), 401)
        token = server.sign_in("new@example.org", "another password")
        assert server.get("/api/analytics/live/summary", token).status == 200

        server.flask("users", "deactivate", "new@example.org")
        body = {"email": "new@example.org", "password": "another password"}
        assert_refused(server.post_json(LOGIN, body), 401)
        (line,) = server.flask("users", "list").stdout.splitlines()
        for word in ("manager", "new@example.org", "New One", "Coast", "not active"):
            assert word in line


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("known e-mail", "already"),
        ("no e-mail", "e-mail"),
        ("short password", "8"),
        ("nobody", "no account"),
        ("not empty", "not empty"),
        ("no folder", "visits.ndjson"),
        ("away: users", "cannot be reached"),
        ("away: export", "cannot be reached"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(runs: Runs, name: str, word: str) -> None:
    assert_one_line(runs[name].result(), word)


def test_roles_are_those_of_the_contract(runs: Runs) -> None:
    done = runs["unknown role"].result()
    assert done.returncode != 0
    for role in ("admin", "manager", "sales"):
        assert role in done.stderr


# --- Diagnosis


def test_the_doctor_counts_and_names_what_is_wrong(runs: Runs) -> None:
    done = runs["doctor"].result()
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    told = [" ".join(line.split()) for line in lines]
    counts = {
        "users": 7,
        "tiers": 4,
        "facilities": 3,
        "visits": 14,
        "quotations": 6,
        "orders": 11,
        "logins": 6,
    }
    for name, count in counts.items():
        assert any(line.startswith(f"{name} {count}") for line in told), name
    findings = [line for line in told if line.startswith("Data ")]

    def found(*words: str) -> bool:
        return any(all(word in line for word in words) for line in findings)

    assert found("visits", "2", "time")
    assert found("orders", "1", "time")
    assert found("logins", "1", "time")
    assert found("visits", "1", "unknown status")
    assert found("quotations", "1", "unknown status")
    assert found("quotations", "1", "amount")
    assert found("orders", "1", "negative")
    assert found("orders", "1", "unknown status")
    assert found("visits", "1", "unknown user")
    assert found("visits", "1", "unknown facility")
    assert "reached" in told[0]


def test_the_doctor_says_when_the_database_is_away(runs: Runs) -> None:
    done = runs["away: doctor"].result()
    assert done.returncode == 1
    assert "cannot be reached" in done.stdout
    for internal in ("Traceback", "hidden", "mongodb://", "pymongo"):
        assert internal not in done.stdout + done.stderr


# --- Data


def test_demo_data_are_cleared_and_others_stay(runs: Runs) -> None:
    store = EmbeddedStore(runs["demo"].result().folder)
    left = {name: [one["_id"] for one in store.documents(name)] for name in COLLECTIONS}
    assert {name: ids for name, ids in left.items() if ids} == {"users": ["mine"], "visits": ["v"]}


def test_refused_commands_change_nothing(runs: Runs, idle: AppServer, here: Here) -> None:
    for name in COMMANDS:
        runs[name].result()
    kept = {name: len(documents) for name, documents in contents(idle.folder).items()}
    assert kept == {name: len(documents) for name, documents in organisation(here).items()}


def test_what_is_exported_comes_back_as_it_was(idle: AppServer, tmp_path: Path) -> None:
    other = AppServer(folder=tmp_path / "other")
    written = f"Wrote {sum(map(len, contents(idle.folder).values()))} documents"
    assert written in idle.flask("export", str(tmp_path / "data")).stdout
    for _ in range(2):  # importing again replaces
        assert written in other.flask("import", str(tmp_path / "data")).stdout
        assert contents(other.folder) == contents(idle.folder)


def test_lines_that_cannot_be_read_are_named_and_the_rest_is_kept(runs: Runs) -> None:
    done = runs["lines"].result()
    assert done.returncode == 1
    assert "Wrote 2 documents" in done.stdout
    for number in (2, 3, 4):
        assert f"facilities.ndjson:{number}:" in done.stderr
    assert "Traceback" not in done.stderr


# --- Settings


@pytest.mark.parametrize("program", [COMMAND, SERVER], ids=lambda program: program[0])
@pytest.mark.parametrize("number", range(len(BAD)), ids=lambda number: str(BAD[number]))
def test_a_bad_setting_stops_the_start_with_one_line(
    runs: Runs, program: tuple[str, ...], number: int
) -> None:
    done = runs[f"{program[0]} {number}"].result()
    assert done is not None, "it went on"
    name, value = list(BAD[number].items())[-1]
    assert_one_line(done, name)
    assert not value or value not in done.stderr  # it may be a secret
