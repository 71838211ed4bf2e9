"""Accounts: made, listed, changed; who may sign in and who may not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Semaphore
from time import monotonic, sleep
from typing import Any

import bcrypt
import pytest
from argon2 import PasswordHasher
from bson import ObjectId
from builders import Document, user

from dashapp.errors import InvalidParameter, SourceLost
from dashapp.source import accounts as module
from dashapp.source.accounts import Accounts, password_fits, password_hash
from dashapp.source.embedded import EmbeddedStore

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse"
ARGON2 = QUICK.hash(PASSWORD)
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HASHER", QUICK)


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path)


def accounts(store: EmbeddedStore, *documents: Document) -> Accounts:
    store.write("users", documents)
    return Accounts(store)


def bcrypt_hash(password: bytes) -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()


class Hanging:
    """A database whose answers are waited for until the event is set."""

    def __init__(self) -> None:
        self.asked, self.answering = Semaphore(0), Event()

    def find(self, _collection: str, **_equals: Any) -> list[Document]:
        self.asked.release()
        assert self.answering.wait(20)
        return []


def test_a_database_that_hangs_keeps_two_sign_ins_waiting_and_no_more() -> None:
    database = Hanging()
    made = Accounts(database)  # type: ignore[arg-type]
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(made._by_email, "a@x.org") for _ in range(2)]
        for _ in waiting:
            assert database.asked.acquire(timeout=20)
        for _ in range(3):
            with pytest.raises(SourceLost):
                made.sign_in("a@x.org", PASSWORD)
        database.answering.set()
        assert [one.result() for one in waiting] == [None, None]
    assert made._by_email("a@x.org") is None


# --- Signing in


@pytest.mark.parametrize(
    "hashed", [ARGON2, BCRYPT, BCRYPT.replace("$2b$", "$2y$")], ids=["argon2id", "bcrypt", "bcrypt of old"]
)
def test_the_right_password_signs_in_with_either_kind_of_hash(store: EmbeddedStore, hashed: str) -> None:
    made = accounts(store, user(_id="u", passwordHash=hashed))
    found = made.sign_in("rep-1@example.org", PASSWORD)
    assert found is not None
    assert (found.id, found.role) == ("u", "sales")
    assert made.sign_in("rep-1@example.org", PASSWORD + "!") is None
    assert made.sign_in("rep-1@example.org", "") is None


def test_the_case_of_an_e_mail_address_does_not_matter(store: EmbeddedStore) -> None:
    made = accounts(store, user(email="Asha@Example.org", passwordHash=BCRYPT))
    for email in ("asha@example.org", "ASHA@EXAMPLE.ORG", "  Asha@example.org "):
        assert made.sign_in(email, PASSWORD) is not None
    assert made.sign_in("asha@example.or", PASSWORD) is None


def test_an_unknown_address_does_not_sign_in_whatever_the_password(store: EmbeddedStore) -> None:
    made = accounts(store, user(passwordHash=BCRYPT))
    assert made.sign_in("other@example.org", PASSWORD) is None
    assert made.sign_in("", PASSWORD) is None


def test_where_there_are_no_accounts_nobody_signs_in(store: EmbeddedStore) -> None:
    assert Accounts(store).sign_in("a@x.org", PASSWORD) is None


def test_whoever_is_not_active_does_not_sign_in(store: EmbeddedStore) -> None:
    made = accounts(
        store,
        user(_id="a", email="no@x.org", active=False, passwordHash=BCRYPT),
        user(_id="b", email="yes@x.org", active=None, passwordHash=BCRYPT),
    )
    assert made.sign_in("no@x.org", PASSWORD) is None
    assert made.sign_in("yes@x.org", PASSWORD) is not None


@pytest.mark.parametrize("hashed", [None, "", "plain text", PASSWORD, "$2b$04$short", "$argon2id$broken", 5])
def test_without_a_usable_hash_nobody_signs_in(store: EmbeddedStore, hashed: object) -> None:
    made = accounts(store, user(passwordHash=hashed), user(_id="other", email="o@x.org", passwordHash=BCRYPT))
    for password in ("", PASSWORD, str(hashed)):
        assert made.sign_in("rep-1@example.org", password) is None


def test_two_accounts_with_one_address_are_refused(store: EmbeddedStore) -> None:
    made = accounts(
        store,
        user(_id="a", email="twin@x.org", passwordHash=BCRYPT),
        user(_id="b", email="Twin@x.org", passwordHash=ARGON2),
    )
    assert made.sign_in("twin@x.org", PASSWORD) is None
    with pytest.raises(InvalidParameter, match="no account"):
        made.deactivate("twin@x.org")
    with pytest.raises(InvalidParameter, match="no account"):
        made.set_password("twin@x.org", PASSWORD)


def test_of_a_bcrypt_hash_the_first_72_bytes_of_a_password_count() -> None:
    hashed = bcrypt_hash(b"x" * 72)
    assert password_fits("x" * 72, hashed)
    assert password_fits("x" * 100, hashed)
    assert not password_fits("x" * 71, hashed)
    assert password_fits("é" * 50, bcrypt_hash("é".encode() * 36))


def test_new_passwords_are_hashed_with_argon2id_each_with_a_salt_of_its_own() -> None:
    assert password_hash(PASSWORD).startswith("$argon2id$")
    assert password_hash(PASSWORD) != password_hash(PASSWORD)


def test_of_an_argon2_hash_every_byte_of_a_password_counts() -> None:
    hashed = password_hash("x" * 100)
    assert password_fits("x" * 100, hashed)
    assert not password_fits("x" * 99, hashed)


def test_a_password_that_is_no_text_does_not_fit() -> None:
    for hashed in (ARGON2, BCRYPT):
        assert not password_fits("\ud800", hashed)
        assert not password_fits("\0", hashed)


@pytest.mark.parametrize("email", ["rep-1@example.org", "b@x.org", "bare@x.org", "nobody@x.org"])
def test_the_same_hashes_are_checked_whoever_asks(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    users = [user(passwordHash=ARGON2), user(_id="b", email="b@x.org", passwordHash=BCRYPT)]
    made, checked = accounts(store, *users, user(_id="c", email="bare@x.org")), []

    def recorded(password: str, hashed: str) -> bool:
        checked.append(hashed)
        return password_fits(password, hashed)

    monkeypatch.setattr(module, "password_fits", recorded)
    assert made.sign_in(email, "wrong password") is None
    assert sorted(checked) == sorted([ARGON2, BCRYPT])


# --- Administration


def test_an_account_that_is_made_can_sign_in_and_is_listed(store: EmbeddedStore) -> None:
    made = Accounts(store)
    new_id = made.create(" Asha@Example.org ", " Asha ", "manager", PASSWORD, region="Coast")
    found = made.sign_in("asha@example.org", PASSWORD)
    assert found is not None
    assert made.list_all() == [found]
    assert (found.id, found.name, found.email) == (new_id, "Asha", "asha@example.org")
    assert (found.role, found.region, found.active) == ("manager", "Coast", True)


def test_a_new_account_is_stored_with_an_object_id_times_and_a_hash_only(store: EmbeddedStore) -> None:
    Accounts(store).create("a@x.org", " ", "admin", PASSWORD)
    (document,) = store.documents("users")
    assert isinstance(document["_id"], ObjectId)
    assert document["name"] == "a@x.org"
    assert document["passwordHash"].startswith("$argon2id$")
    assert PASSWORD not in repr(document)
    assert document["createdAt"] == document["updatedAt"]
    assert "region" not in document


@pytest.mark.parametrize(
    ("email", "role", "password", "said"),
    [
        ("nobody", "sales", PASSWORD, "The e-mail address is not one."),
        ("@", "sales", PASSWORD, "The e-mail address is not one."),
        ("a@x.org", "boss", PASSWORD, "The role must be one of admin, manager, sales."),
        ("a@x.org", "sales", "seven77", "The password must have at least 8 characters."),
        ("REP-1@example.org", "sales", PASSWORD, "There is an account with this e-mail address already."),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_words(
    store: EmbeddedStore, email: str, role: str, password: str, said: str
) -> None:
    made = accounts(store, user())
    with pytest.raises(InvalidParameter) as refused:
        made.create(email, "Name", role, password)
    assert str(refused.value) == said
    assert len(made.list_all()) == 1


def test_accounts_are_listed_by_role_and_address(store: EmbeddedStore) -> None:
    people = [("c@x.org", "sales"), ("B@x.org", "Admin"), ("a@x.org", "sales"), ("z@x.org", None)]
    made = accounts(store, *(user(_id=email, email=email, role=role) for email, role in people))
    assert [one.email for one in made.list_all()] == ["z@x.org", "b@x.org", "a@x.org", "c@x.org"]


def test_a_new_password_replaces_the_old_one(store: EmbeddedStore) -> None:
    made = accounts(store, user(passwordHash=BCRYPT, tier="Gold"))
    made.set_password("Rep-1@Example.org", "8 chars!")
    assert made.sign_in("rep-1@example.org", "8 chars!") is not None
    assert made.sign_in("rep-1@example.org", PASSWORD) is None
    assert next(store.documents("users"))["tier"] == "Gold"
    with pytest.raises(InvalidParameter, match="at least 8"):
        made.set_password("rep-1@example.org", "short")
    with pytest.raises(InvalidParameter, match="no account"):
        made.set_password("other@example.org", "battery staple")


def test_a_deactivated_account_stays_and_does_not_sign_in(store: EmbeddedStore) -> None:
    made = accounts(store, user(passwordHash=BCRYPT))
    made.deactivate("REP-1@example.org")
    assert made.sign_in("rep-1@example.org", PASSWORD) is None
    assert [one.active for one in made.list_all()] == [False]
    assert "updatedAt" in next(store.documents("users"))
    with pytest.raises(InvalidParameter, match="no account"):
        made.deactivate("other@example.org")


# --- By id


@pytest.mark.parametrize(
    "document_id", ["u-1", ObjectId("65f0c0ffee65f0c0ffee65f0"), "65f0c0ffee65f0c0ffee65f0"]
)
def test_a_user_is_found_by_the_id_that_is_shown(store: EmbeddedStore, document_id: object) -> None:
    made = accounts(store, user(_id=document_id), user(_id="other"))
    found = made.by_id(str(document_id))
    assert found is not None
    assert found.id == str(document_id)
    assert made.by_id("nobody") is None


def test_of_two_users_that_are_shown_with_one_id_it_is_always_the_same(store: EmbeddedStore) -> None:
    text = "65f0c0ffee65f0c0ffee65f0"
    made = accounts(store, user(_id=text, name="Text"), user(_id=ObjectId(text), name="ObjectId"))
    found = made.by_id(text)
    assert found is not None and found.name == "ObjectId"


def test_a_sign_in_is_written_down(store: EmbeddedStore) -> None:
    user_id = ObjectId()
    accounts(store, user(_id=user_id)).signed_in(str(user_id))
    (document,), (entry,) = store.documents("users"), store.documents("logins")
    assert document["lastLogin"] == document["lastSeen"] == entry["at"]
    assert (entry["userId"], document["name"]) == (user_id, "Asha Rep")


def test_who_is_here_is_written_down_once_a_minute(store: EmbeddedStore) -> None:
    made = accounts(store, user(_id="a"), user(_id="b"))
    written = store.last_change()
    for user_id in ("a", "a", "stranger", "b"):
        made.seen(user_id)
    deadline = monotonic() + 10
    while store.last_change() < written + 2 and monotonic() < deadline:
        sleep(0.005)
    assert store.last_change() == written + 2
    assert all("lastSeen" in document for document in store.documents("users"))


def test_the_sign_in_of_somebody_unknown_leaves_no_trace(store: EmbeddedStore) -> None:
    accounts(store, user()).signed_in("stranger")
    assert list(store.documents("logins")) == []
    assert len(list(store.documents("users"))) == 1
