"""Both document stores, for tests that each of them must pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashapp.source.documents import DocumentStore
from dashapp.source.embedded import EmbeddedStore
from dashapp.source.mongo import MongoStore


@pytest.fixture(params=["embedded", "mongo"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DocumentStore]:
    opened: DocumentStore
    if request.param == "embedded":
        opened = EmbeddedStore(tmp_path)
    else:
        database = request.getfixturevalue("mongo_database")
        opened = MongoStore(request.getfixturevalue("mongo_uri"), database)
    yield opened
    opened.close()
