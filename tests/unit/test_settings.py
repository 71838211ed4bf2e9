"""Settings: what is read, what is refused and in which words, and what stays secret."""

from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashapp.errors import InvalidSetting
from dashapp.settings import Settings, kept_secret

SECRET = "a secret of thirty-two bytes ... "
URI = "mongodb://app:hidden-password@db.example/sales"
SERVER = {"MONGODB_URI": URI, "JWT_SECRET": SECRET, "SECRET_KEY": SECRET}
PRIVATE = ("JWT_SECRET", "SECRET_KEY")

DEFAULTS: dict[str, Any] = {
    "HOST": "127.0.0.1",
    "PORT": 5001,
    "WORKERS": 1,
    "THREADS": 8,
    "MONGODB_URI": "",
    "MONGODB_DB": "",
    "DATA_DIR": Path("./var"),
    "DEMO_DATA": "live",
    "TIMEZONE": ZoneInfo("Africa/Nairobi"),
    "CURRENCY": "KES",
    "LOCALE": "en_KE",
    "BRAND_NAME": "Live Analytics",
    "HISTORY_DAYS": 3650,
    "SYNC_SECONDS": 1.0,
    "REFRESH_SECONDS": 3.0,
    "ONLINE_MINUTES": 5,
    "RATE_LIMIT_GLOBAL": "1000 per 15 minutes",
    "RATE_LIMIT_USER": "60 per minute",
    "RATE_LIMIT_PUBLIC": "120 per minute",
    "RATE_LIMIT_LOGIN": "10 per 15 minutes",
    "RATE_LIMIT_STORAGE": "memory://",
    "EMBED_ALLOWED_ORIGINS": (),
    "TRUSTED_PROXIES": 0,
    "URL_PREFIX": "/",
}
GOOD: dict[str, list[tuple[str, Any]]] = {
    "HOST": [(" 0.0.0.0 ", "0.0.0.0"), ("::1", "::1")],
    "PORT": [("1", 1), (" 65535 ", 65535)],
    "WORKERS": [("1", 1), ("64", 64)],
    "THREADS": [("1", 1), ("256", 256)],
    "MONGODB_URI": [(f" {URI} ", URI), ("mongodb+srv://cluster.example", "mongodb+srv://cluster.example")],
    "MONGODB_DB": [(" sales ", "sales")],
    "DATA_DIR": [("/tmp/data", Path("/tmp/data"))],
    "DEMO_DATA": [("seed", "seed"), (" OFF ", "off"), ("live", "live")],
    "JWT_SECRET": [("x" * 32, "x" * 32), ("é" * 16, "é" * 16)],
    "SECRET_KEY": [("x" * 32, "x" * 32)],
    "TIMEZONE": [("Europe/Berlin", ZoneInfo("Europe/Berlin")), (" UTC ", ZoneInfo("UTC"))],
    "CURRENCY": [("eur", "EUR"), (" USD ", "USD")],
    "LOCALE": [("de_DE", "de_DE"), ("en-KE", "en_KE"), (" fr ", "fr")],
    "BRAND_NAME": [(" Sales & more ", "Sales & more")],
    "HISTORY_DAYS": [("1", 1), ("36500", 36500)],
    "SYNC_SECONDS": [("0.1", 0.1), ("60", 60.0)],
    "REFRESH_SECONDS": [("0.5", 0.5), ("600", 600.0)],
    "ONLINE_MINUTES": [("1", 1), ("1440", 1440)],
    "RATE_LIMIT_GLOBAL": [("off", ""), ("5 per second", "5 per second")],
    "RATE_LIMIT_USER": [("OFF", ""), (" 60  PER  minute ", "60 per minute")],
    "RATE_LIMIT_PUBLIC": [("off", ""), ("100 per 2 hours", "100 per 2 hours")],
    "RATE_LIMIT_LOGIN": [("off", ""), ("3 per day", "3 per day")],
    "RATE_LIMIT_STORAGE": [("redis://cache:6379", "redis://cache:6379"), (" memory:// ", "memory://")],
    "EMBED_ALLOWED_ORIGINS": [
        ("https://a.example, http://b.example:8080", ("https://a.example", "http://b.example:8080")),
        (" https://a.example ", ("https://a.example",)),
        ("http://localhost:1,https://a-b.example:65535", ("http://localhost:1", "https://a-b.example:65535")),
        ("https://[2001:db8::1]:8443", ("https://[2001:db8::1]:8443",)),
        ("http://192.0.2.7", ("http://192.0.2.7",)),
    ],
    "TRUSTED_PROXIES": [("0", 0), ("10", 10)],
    "URL_PREFIX": [("/", "/"), ("/sales", "/sales/"), ("/sales/live/", "/sales/live/")],
}
BAD: dict[str, list[str]] = {
    "PORT": ["0", "65536", "-1", "80.0", "http", "1e3"],
    "WORKERS": ["0", "65", "two"],
    "THREADS": ["0", "257", "8 threads"],
    "MONGODB_URI": ["db.example", "http://db.example", "mongodb://", "postgres://db"],
    "DEMO_DATA": ["yes", "on", "seed, live"],
    "JWT_SECRET": ["x" * 31, "short"],
    "SECRET_KEY": ["x" * 31, "short"],
    "TIMEZONE": ["Nairobi", "Mars/Base", "../etc/passwd", "Africa", "+03:00"],
    "CURRENCY": ["euro", "K", "123"],
    "LOCALE": ["xx_YY", "english", "_"],
    "HISTORY_DAYS": ["0", "36501", "ten"],
    "SYNC_SECONDS": ["0.09", "60.1", "nan", "inf", "-1", "1s"],
    "REFRESH_SECONDS": ["0.4", "601", "fast"],
    "ONLINE_MINUTES": ["0", "1441", "5.5"],
    "RATE_LIMIT_GLOBAL": ["60", "60/minute", "0 per minute", "none"],
    "RATE_LIMIT_USER": ["60 per fortnight", "10 per 0 minutes"],
    "RATE_LIMIT_PUBLIC": ["-1 per minute", "per minute"],
    "RATE_LIMIT_LOGIN": ["ten per minute", "10 per 15"],
    "RATE_LIMIT_STORAGE": ["redis", "http://cache", "/tmp/limits"],
    "EMBED_ALLOWED_ORIGINS": [
        "a.example",
        "*",
        "https://*.example",
        "https://a.example/path",
        "https://a.example/",
        "https://a.example?q",
        "https://a.example#part",
        "https://a.example;script-src",
        "https://a.example;,https://b.example",
        "https://me:secret@a.example",
        "https://me@a.example",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:",
        "https://a.example:port",
        "https://a.example:٨٠",
        "https://ä.example",
        "https://\u212aenya.example",
        "https://a_b.example",
        "https://-a.example",
        "https://[::1",
        "https://[12345::1]",
        "https://[]",
        "https://'none'",
        "ftp://a.example",
        "https://",
    ],
    "TRUSTED_PROXIES": ["-1", "11", "all"],
    "URL_PREFIX": ["sales", "//", "/a b/", "https://a.example/"],
}


def read(folder: Path, **environment: str) -> Settings:
    return Settings.read({"DATA_DIR": str(folder), **environment})


def refusal(folder: Path, **environment: str) -> str:
    with pytest.raises(InvalidSetting) as refused:
        read(folder, **environment)
    return str(refused.value)


def pairs(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in table.items() for value in values]


def test_these_tests_know_every_setting() -> None:
    names = set(Settings.defaults())
    assert set(DEFAULTS) == names - set(PRIVATE)
    assert set(GOOD) == names
    assert set(BAD) == names - {"HOST", "MONGODB_DB", "DATA_DIR", "BRAND_NAME"}  # any text will do
    assert all(meaning.strip() for meaning in Settings.meanings().values())
    assert set(Settings.meanings()) == names


def test_without_an_environment_the_defaults_apply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.read({})
    assert {name: getattr(settings, name.lower()) for name in DEFAULTS} == DEFAULTS
    assert settings.embedded


def test_an_empty_value_means_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.read(dict.fromkeys(Settings.defaults(), " "))
    assert {name: getattr(settings, name.lower()) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize(("name", "case"), pairs(GOOD))
def test_a_good_value_is_taken(tmp_path: Path, name: str, case: tuple[str, Any]) -> None:
    given, expected = case
    needed = {"JWT_SECRET": SECRET, "SECRET_KEY": SECRET}
    assert getattr(read(tmp_path, **{**needed, name: given}), name.lower()) == expected


@pytest.mark.parametrize(("name", "value"), pairs(BAD))
def test_a_bad_value_is_refused_in_one_line_that_names_the_setting(
    tmp_path: Path, name: str, value: str
) -> None:
    line = refusal(tmp_path, **{"JWT_SECRET": SECRET, "SECRET_KEY": SECRET, name: value})
    assert line.startswith(f"{name} must ")
    assert "\n" not in line


# --- Secrets


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("value", ["", "  "])
def test_with_a_server_both_secrets_are_required(tmp_path: Path, name: str, value: str) -> None:
    line = refusal(tmp_path, **{**SERVER, name: value})
    assert line == f"{name} is required with MONGODB_URI (32+ bytes)"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", PRIVATE)
def test_a_short_secret_is_refused_without_being_shown(tmp_path: Path, name: str) -> None:
    for value in ("hunter2hunter2", "é" * 15 + "e"):
        line = refusal(tmp_path, **{**SERVER, name: value})
        assert line == f"{name} must have at least 32 bytes"


def test_with_a_server_its_settings_are_taken(tmp_path: Path) -> None:
    settings = read(tmp_path, **SERVER)
    assert (settings.embedded, settings.jwt_secret, settings.secret_key) == (False, SECRET, SECRET)
    assert list(tmp_path.iterdir()) == []


def test_embedded_the_secrets_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    first, second = read(folder), read(folder)
    assert (first.jwt_secret, first.secret_key) == (second.jwt_secret, second.secret_key)
    assert first.jwt_secret != first.secret_key
    assert first.jwt_secret != read(tmp_path / "other").jwt_secret
    for name, value in (("jwt_secret", first.jwt_secret), ("secret_key", first.secret_key)):
        path = folder / f"{name}.txt"
        assert (path.read_text(), path.stat().st_mode & 0o777) == (value, 0o600)
        assert len(value.encode()) >= 32


def test_a_given_secret_goes_before_a_generated_one(tmp_path: Path) -> None:
    generated = read(tmp_path)
    settings = read(tmp_path, JWT_SECRET=SECRET)
    assert (settings.jwt_secret, settings.secret_key) == (SECRET, generated.secret_key)


def test_a_generated_secret_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jwt_secret.txt").write_text("short")
    assert refusal(tmp_path).startswith("jwt_secret.txt in DATA_DIR is too short")


def test_a_generated_secret_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jwt_secret.txt").write_bytes(b"\xff" * 48)
    line = refusal(tmp_path)
    assert line == "jwt_secret.txt in DATA_DIR is not a text; remove it to have a new one made"


def test_processes_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    with (tmp_path / "jwt_secret.txt").open("w") as made, ThreadPoolExecutor(2) as pool:
        fcntl.flock(made, fcntl.LOCK_EX)  # another process has made the file and not yet written
        found = [pool.submit(kept_secret, tmp_path, "jwt_secret") for _ in range(2)]
        assert not wait(found, timeout=0.2).done
        made.write(SECRET)
        made.flush()
        fcntl.flock(made, fcntl.LOCK_UN)
        assert [one.result() for one in found] == [SECRET.strip()] * 2


def test_a_secret_that_many_ask_for_at_once_is_made_once(tmp_path: Path) -> None:
    for n in range(20):
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: kept_secret(tmp_path, f"s{n}"), range(8)))  # noqa: B023
        assert len(set(found)) == 1


def test_a_data_dir_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file" / "data") == "DATA_DIR must be a folder that can be written to"


def test_no_representation_shows_a_secret(tmp_path: Path) -> None:
    settings = read(tmp_path, **SERVER, RATE_LIMIT_STORAGE="redis://:hidden-password@cache")
    for shown in (repr(settings), str(settings), f"{settings}"):
        assert SECRET not in shown
        assert "hidden-password" not in shown
    assert "port=5001" in repr(settings)
    line = refusal(tmp_path, MONGODB_URI="mongo://app:hidden-password@db.example")
    assert "hidden-password" not in line


# --- The environment


@pytest.fixture
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own and no settings from outside."""
    for name in Settings.defaults():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("clean_environment")
def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().port == 5001
    monkeypatch.setenv("PORT", "8080")
    assert Settings.from_environment().port == 8080


def test_an_env_file_is_read_and_the_process_environment_goes_before_it(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["# ours", "PORT=8080", "export CURRENCY='eur'", 'BRAND_NAME="Sales & more"', "MONGODB_DB"]
    (clean_environment / ".env").write_text("\n".join([*lines, f"SECRET_KEY={'k' * 32}"]))
    monkeypatch.setenv("PORT", "9090")
    settings = Settings.from_environment()
    assert (settings.port, settings.currency, settings.brand_name) == (9090, "EUR", "Sales & more")
    assert (settings.mongodb_db, settings.secret_key) == ("", "k" * 32)


def test_a_bad_line_in_the_env_file_is_refused_by_its_name(clean_environment: Path) -> None:
    (clean_environment / ".env").write_text("PORT=eighty\n")
    with pytest.raises(InvalidSetting) as refused:
        Settings.from_environment()
    assert str(refused.value) == "PORT must be a whole number from 1 to 65535"


def test_an_env_file_that_is_no_text_is_refused_in_one_line(clean_environment: Path) -> None:
    (clean_environment / ".env").write_bytes("BRAND_NAME=Café".encode("latin-1"))
    with pytest.raises(InvalidSetting) as refused:
        Settings.from_environment()
    assert str(refused.value) == ".env must be a text file in UTF-8 that can be read"
