"""Every setting, its default and its check. The only reader of the environment."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import list_currencies
from dotenv import dotenv_values

from dashapp.errors import InvalidSetting

SECRET_BYTES = 32
ORIGIN = re.compile(
    r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[(?P<address>[0-9a-f:.]+)\])(:(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE | re.ASCII,
)


def text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


def whole(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"\d{1,9}", value.strip()) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return read


def seconds(low: float, high: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", value.strip()) or not low <= float(value) <= high:
            raise ValueError(f"must be a number of seconds from {low:g} to {high:g}")
        return float(value)

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.strip().lower() not in choices:
            raise ValueError("must be " + " or ".join(choices))
        return value.strip().lower()

    return read


def zone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value.strip())
    except (KeyError, ValueError, OSError):
        raise ValueError("must be an IANA time zone such as Africa/Nairobi") from None


def currency(value: str) -> str:
    if value.strip().upper() not in list_currencies():
        raise ValueError("must be an ISO 4217 code such as KES")
    return value.strip().upper()


def locale(value: str) -> str:
    try:
        return str(Locale.parse(value.strip().replace("-", "_")))
    except Exception:
        raise ValueError("must be a locale such as en_KE") from None


def limit(value: str) -> str:
    """Like `60 per minute`; empty when turned off."""
    value = " ".join(value.split()).lower()
    if value == "off":
        return ""
    if not re.fullmatch(r"[1-9]\d{0,8} per ([1-9]\d{0,3} )?(second|minute|hour|day)s?", value):
        raise ValueError("must be like '60 per minute' or '10 per 15 minutes', or off")
    return value


def mongodb_uri(value: str) -> str:
    value = value.strip()
    if value and not re.match(r"mongodb(\+srv)?://[^/\s]", value):
        raise ValueError("must begin with mongodb:// or mongodb+srv://")
    return value


def secret(value: str) -> str:
    if value and len(value.encode()) < SECRET_BYTES:
        raise ValueError(f"must have at least {SECRET_BYTES} bytes")
    return value


def origins(value: str) -> tuple[str, ...]:
    found = tuple(part for part in re.split(r"[,\s]+", value.strip()) if part)
    if not all(is_origin(part) for part in found):
        raise ValueError("must be origins such as https://portal.example, separated by commas")
    return found


def is_origin(value: str) -> bool:
    """Whether this is scheme://host[:port] and nothing besides, as it goes into a header."""
    parts = ORIGIN.fullmatch(value)
    if parts is None:
        return False
    try:
        IPv6Address(parts["address"] or "::")
    except ValueError:
        return False
    return parts["port"] is None or 1 <= int(parts["port"]) <= 65535


def prefix(value: str) -> str:
    if not re.fullmatch(r"/([A-Za-z0-9_.~-]+(/[A-Za-z0-9_.~-]+)*/?)?", value.strip()):
        raise ValueError("must be a path such as /sales/")
    return value.strip().rstrip("/") + "/"


def storage(value: str) -> str:
    if not re.match(r"(memory|rediss?(\+\w+)?|mongodb(\+srv)?|memcached)://", value.strip()):
        raise ValueError("must be memory://, redis://… or mongodb://…")
    return value.strip()


def setting(default: str, read: Callable[[str], Any], meaning: str, *, private: bool = False) -> Any:
    """A field whose metadata say how its text is read and what it means.

    Private values are kept out of the settings' own representation.
    """
    return field(repr=not private, metadata={"default": default, "read": read, "meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Checked settings; a field's environment name is its own in upper case."""

    host: str = setting("127.0.0.1", text, "address the web server listens on")
    port: int = setting("5001", whole(1, 65535), "port the web server listens on")
    workers: int = setting("1", whole(1, 64), "web server processes; each keeps its own copy of the data")
    threads: int = setting("8", whole(1, 256), "threads per process")
    mongodb_uri: str = setting(
        "", mongodb_uri, "the MongoDB server; empty: an embedded database under `DATA_DIR`", private=True
    )
    mongodb_db: str = setting("", str.strip, "database name; empty: the one in the URI, else `accord`")
    data_dir: Path = setting("./var", Path, "embedded database, generated secrets")
    demo_data: str = setting(
        "live",
        one_of("live", "seed", "off"),
        "embedded database only. `live`: fill an empty database with demo data and keep adding events to it;"
        " `seed`: fill only; `off`: never",
    )
    jwt_secret: str = setting(
        "", secret, "signs API tokens; required (32+ bytes) with `MONGODB_URI`, else generated", private=True
    )
    secret_key: str = setting(
        "",
        secret,
        "signs browser sessions; required (32+ bytes) with `MONGODB_URI`, else generated",
        private=True,
    )
    timezone: ZoneInfo = setting("Africa/Nairobi", zone, "IANA name: where a local day begins")
    currency: str = setting("KES", currency, "how money is shown")
    locale: str = setting("en_KE", locale, "how numbers are shown")
    brand_name: str = setting("Live Analytics", text, "name shown on the pages")
    history_days: int = setting("3650", whole(1, 36500), "how far back events are loaded; largest `daysBack`")
    sync_seconds: float = setting(
        "1", seconds(0.1, 60), "how often changes are asked for without change streams"
    )
    refresh_seconds: float = setting("3", seconds(0.5, 600), "how often an open page asks for something new")
    online_minutes: int = setting("5", whole(1, 1440), "seen this recently counts as online")
    rate_limit_global: str = setting(
        "1000 per 15 minutes", limit, "API requests per client address; `off`: none"
    )
    rate_limit_user: str = setting("60 per minute", limit, "API requests per user; `off`: none")
    rate_limit_public: str = setting(
        "120 per minute", limit, "public requests per client address; `off`: none"
    )
    rate_limit_login: str = setting(
        "10 per 15 minutes", limit, "failed sign-ins per client address and e-mail; `off`: none"
    )
    rate_limit_storage: str = setting(
        "memory://",
        storage,
        "where requests are counted; several processes share `redis://…` or `mongodb://…`",
        private=True,
    )
    embed_allowed_origins: tuple[str, ...] = setting(
        "", origins, "origins that may frame `/embed/…`; empty: none"
    )
    trusted_proxies: int = setting("0", whole(0, 10), "how many reverse proxies set `X-Forwarded-*`")
    url_prefix: str = setting("/", prefix, "path prefix behind a reverse proxy")

    @property
    def embedded(self) -> bool:
        return not self.mongodb_uri

    @classmethod
    def defaults(cls) -> dict[str, str]:
        """Environment name → default, as text."""
        return {f.name.upper(): f.metadata["default"] for f in fields(cls)}

    @classmethod
    def meanings(cls) -> dict[str, str]:
        """Environment name → what it means."""
        return {f.name.upper(): f.metadata["meaning"] for f in fields(cls)}

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Settings from texts; raises InvalidSetting with the line to print."""
        values: dict[str, Any] = {}
        for f in fields(cls):
            assert f.default is MISSING
            given = environment.get(f.name.upper(), "")
            try:
                values[f.name] = f.metadata["read"](given if given.strip() else f.metadata["default"])
            except ValueError as error:
                raise InvalidSetting(f"{f.name.upper()} {error}") from None
        if values["mongodb_uri"]:
            for name in ("jwt_secret", "secret_key"):
                if not values[name]:
                    raise InvalidSetting(
                        f"{name.upper()} is required with MONGODB_URI ({SECRET_BYTES}+ bytes)"
                    )
        else:
            for name in ("jwt_secret", "secret_key"):
                values[name] = values[name] or kept_secret(values["data_dir"], name)
        return cls(**values)

    @classmethod
    def from_environment(cls) -> Settings:
        """The process environment over a `.env` file in the working directory."""
        try:
            in_file = {name: value or "" for name, value in dotenv_values(".env", encoding="utf-8").items()}
        except (OSError, UnicodeDecodeError):
            raise InvalidSetting(".env must be a text file in UTF-8 that can be read") from None
        return cls.read({**in_file, **os.environ})


def tell_library(name: str, value: str) -> None:
    """Set what a library reads from the environment, unless whoever started us did."""
    os.environ.setdefault(name, value)


def kept_secret(folder: Path, name: str) -> str:
    """The generated secret of this name; made at the first call, readable by its owner only."""
    path = folder / f"{name}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        value = (path.read_text("utf-8").strip() if path.exists() else "") or made_secret(path)
    except UnicodeDecodeError:
        raise InvalidSetting(
            f"{name}.txt in DATA_DIR is not a text; remove it to have a new one made"
        ) from None
    except OSError:
        raise InvalidSetting("DATA_DIR must be a folder that can be written to") from None
    if len(value) < SECRET_BYTES:
        raise InvalidSetting(f"{name}.txt in DATA_DIR is too short; remove it to have a new one made")
    return value


def made_secret(path: Path) -> str:
    """A new secret, written down; of several processes at once one makes it and the others read it."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        value = file.read().strip()
        if not value:
            value = secrets.token_urlsafe(48)
            file.write(value)
    return value
