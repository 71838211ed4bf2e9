"""What several kinds of tests share: a database server, and a rule about skipping."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest
from builders import ROOT

KIT = ROOT.parent / "shared" / "mongo"
PORT = "28117"


def unavailable(reason: str) -> None:
    """Skip, loudly; where everything has to run (CI=true), fail."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def chromium_path() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        unavailable("no Chromium: install chromium and chromedriver")
    return str(path)


@pytest.fixture(scope="session")
def mongo_uri() -> str:
    """A MongoDB (or compatible) server: MONGODB_TEST_URI, or one started from the kit beside the project."""
    given = os.environ.get("MONGODB_TEST_URI", "")
    if given:
        return given
    if os.geteuid() != 0 or not (KIT / "start").exists():
        unavailable("no MongoDB server: set MONGODB_TEST_URI")
    state = Path("/var/tmp/live-analytics-mongo")
    started = subprocess.run(
        [KIT / "start", PORT, state], capture_output=True, text=True, timeout=900, check=False
    )
    if started.returncode:
        unavailable(f"the MongoDB server did not start: {started.stderr[-500:]}")
    return started.stdout.split()[-1]


@pytest.fixture
def mongo_database(mongo_uri: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a database that is empty now and gone afterwards."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(
        mongo_uri, serverSelectionTimeoutMS=5000
    )
    client.drop_database(name)
    yield name
    client.drop_database(name)
    client.close()
