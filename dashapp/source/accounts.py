"""Sign-in records: passwords, who signed in, who was seen. The only home of password hashes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from queue import Full, Queue
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic
from typing import Any, Final

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bson import ObjectId

from dashapp.domain.records import User
from dashapp.domain.vocabulary import ROLES
from dashapp.errors import InvalidParameter, SourceLost
from dashapp.source.documents import Document, DocumentStore
from dashapp.source.mapping import key_of, text_of, user_of

log = logging.getLogger(__name__)

SEEN_SECONDS: Final = 60.0
BCRYPT_BYTES: Final = 72  # bcrypt looks no further; newer versions refuse more instead of ignoring it
ARGON2: Final = "$argon2"
SHORTEST_PASSWORD: Final = 8
HASHER: Final = PasswordHasher()
# A sign-in takes much processor time and memory: this many at once, whoever asks.
HASHING: Final = BoundedSemaphore(2)
# A database that hangs must not keep every thread of the server waiting for it.
FINDING: Final = BoundedSemaphore(2)
FIND_WAIT_SECONDS: Final = 0.25


def password_hash(password: str) -> str:
    return HASHER.hash(password)


def password_fits(password: str, hashed: str) -> bool:
    """Whether the password is the one of this argon2id or bcrypt hash; False for anything unreadable."""
    with HASHING:
        try:
            if kind_of(hashed) == ARGON2:
                return HASHER.verify(hashed, password)
            return bcrypt.checkpw(password.encode()[:BCRYPT_BYTES], hashed.encode())
        except (VerificationError, InvalidHashError, ValueError):
            return False


def kind_of(hashed: str) -> str:
    return ARGON2 if hashed.startswith(ARGON2) else "bcrypt"


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


class Accounts:
    """The people who may sign in, as the database holds them. Raises SourceLost when it is away."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._decoys: dict[str, str] = {}
        self._seen_at: dict[str, float] = {}
        self._lock = Lock()
        self._writes: Queue[str] = Queue(1_000)
        self._writer: Thread | None = None

    def sign_in(self, email: str, password: str) -> User | None:
        """The active user with this e-mail and password; takes as long whether or not there is one."""
        document = self._by_email(email)
        hashed = text_of(document.get("passwordHash")) if document else None
        if not self._fits(password, hashed) or document is None:
            return None
        user = user_of(document)
        return user if user.active else None

    def _by_email(self, email: str) -> Document | None:
        if not FINDING.acquire(timeout=FIND_WAIT_SECONDS):
            raise SourceLost("The database cannot be reached.")
        try:
            found = self._documents.find("users", email=email.strip().lower())
        finally:
            FINDING.release()
        return found[0] if len(found) == 1 else None

    def _fits(self, password: str, hashed: str | None) -> bool:
        """Whether the password is the one of the hash, found out in the same time whatever there is.

        One hash of every kind in use is checked, in vain but for the right one.
        """
        if not self._decoys:
            self._decoys = self._find_decoys()
        if hashed is not None:
            self._decoys.setdefault(kind_of(hashed), hashed)
        fits = False
        for kind, decoy in list(self._decoys.items()):
            if hashed is not None and kind_of(hashed) == kind:
                fits = password_fits(password, hashed)
            else:
                password_fits(password, decoy)
        return fits

    def _find_decoys(self) -> dict[str, str]:
        """A hash of each kind that the organisation uses."""
        hashes = (text_of(one.get("passwordHash")) for one in self._documents.documents("users"))
        return {kind_of(one): one for one in hashes if one} or {ARGON2: password_hash("nobody's password")}

    def by_id(self, user_id: str) -> User | None:
        found = self._documents.get("users", id_forms(user_id))
        return user_of(min(found, key=lambda one: key_of(one["_id"]))) if found else None

    # --- Traces

    def signed_in(self, user_id: str) -> None:
        """Write down a sign-in. The sign-in itself does not depend on it."""
        now = utc_now()
        try:
            for form in id_forms(user_id):
                if self._documents.update("users", form, {"lastLogin": now, "lastSeen": now}):
                    self._documents.write("logins", [{"_id": ObjectId(), "userId": form, "at": now}])
        except SourceLost:
            log.warning("A sign-in could not be written down: the database is away.")

    def seen(self, user_id: str) -> None:
        """Write down, in the background and once a minute at the most, that somebody is here."""
        with self._lock:
            now = monotonic()
            if now - self._seen_at.get(user_id, -SEEN_SECONDS) < SEEN_SECONDS:
                return
            self._seen_at[user_id] = now
            if self._writer is None:
                self._writer = Thread(target=self._write_seen, name="presence", daemon=True)
                self._writer.start()
        try:
            self._writes.put_nowait(user_id)
        except Full:
            log.warning("Too many people to write down at once.")

    def _write_seen(self) -> None:
        while True:
            user_id = self._writes.get()
            try:
                for form in id_forms(user_id):
                    self._documents.update("users", form, {"lastSeen": utc_now()})
            except SourceLost:
                log.debug("A presence could not be written down: the database is away.")
            except Exception:  # an id that no database can hold must not end the thread
                log.exception("A presence could not be written down.")

    # --- Administration

    def create(self, email: str, name: str, role: str, password: str, region: str | None = None) -> str:
        """A new account; returns its id. Raises InvalidParameter saying what is wrong."""
        email = email.strip().lower()
        if "@" not in email.strip("@"):
            raise InvalidParameter("The e-mail address is not one.")
        if role not in ROLES:
            raise InvalidParameter(f"The role must be one of {', '.join(ROLES)}.")
        if self._documents.find("users", email=email):
            raise InvalidParameter("There is an account with this e-mail address already.")
        now = utc_now()
        document: Document = {
            "_id": ObjectId(),
            "email": email,
            "name": name.strip() or email,
            "role": role,
            "active": True,
            "passwordHash": checked_hash(password),
            "createdAt": now,
            "updatedAt": now,
        }
        if region:
            document["region"] = region
        self._documents.write("users", [document])
        return str(document["_id"])

    def list_all(self) -> list[User]:
        users = [user_of(document) for document in self._documents.documents("users")]
        return sorted(users, key=lambda user: (user.role or "", user.email, user.name))

    def set_password(self, email: str, password: str) -> None:
        self._change(email, {"passwordHash": checked_hash(password)})

    def deactivate(self, email: str) -> None:
        self._change(email, {"active": False})

    def _change(self, email: str, fields: dict[str, Any]) -> None:
        document = self._by_email(email)
        if document is None:
            raise InvalidParameter("There is no account with this e-mail address.")
        self._documents.update("users", document["_id"], {**fields, "updatedAt": utc_now()})


def checked_hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidParameter(f"The password must have at least {SHORTEST_PASSWORD} characters.")
    return password_hash(password)


def id_forms(user_id: str) -> Sequence[Any]:
    """What the _id of a user may be in the database, given how it is shown."""
    return [user_id, ObjectId(user_id)] if ObjectId.is_valid(user_id) else [user_id]
