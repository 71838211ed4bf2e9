"""Databases: documents in, typed and cleaned batches out."""

from __future__ import annotations

from dashapp.errors import InvalidSetting, SourceLost
from dashapp.settings import Settings
from dashapp.source.documents import DocumentStore
from dashapp.source.embedded import EmbeddedStore
from dashapp.source.mongo import MongoStore


def open_documents(settings: Settings) -> DocumentStore:
    """The database of the settings: the embedded one, or the server of MONGODB_URI."""
    if not settings.embedded:
        return MongoStore(settings.mongodb_uri, settings.mongodb_db)
    try:
        return EmbeddedStore(settings.data_dir)
    except (OSError, SourceLost):
        raise InvalidSetting("DATA_DIR must be a folder that can be written to") from None
