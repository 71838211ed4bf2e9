"""How files and answers travel: compressed once, kept by the browser for as long as they stay the same."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final

from flask import Flask, Response, request
from werkzeug.wrappers import Response as AnyResponse

STATIC: Final = ("/assets/", "/_dash-component-suites/")
TEXTS: Final = ("text/", "application/json", "application/javascript", "image/svg")
SMALLEST: Final = 1_400  # what fits in a packet anyhow
FINGERPRINT: Final = re.compile(r"\.v[0-9A-Za-z_]+m[0-9]+\.")
ASSET: Final = re.compile(r"(/assets/)([^\"'?]+)\?m=[0-9.]+")
A_YEAR: Final = 31_536_000
A_DAY: Final = 86_400


@dataclass(frozen=True)
class Kept:
    """A file as it is sent. `mark` is what the framework told it apart by, and changes with the file."""

    mark: str | None
    etag: str
    plain: bytes
    packed: bytes | None


class Delivery:
    """Compresses whatever leaves, files once and answers each time."""

    def __init__(self, app: Flask, assets: Path) -> None:
        self._assets = assets
        self._kept: dict[str, Kept] = {}
        self._lock = Lock()
        app.after_request(self.deliver)

    def deliver(self, response: Response) -> AnyResponse:
        if request.method not in {"GET", "HEAD"} and request.path != "/_dash-update-component":
            return response
        if request.path.startswith(STATIC) and response.status_code in {200, 304}:
            return self._file(response)
        return packed(response)

    def versioned(self, page: str) -> str:
        """A page whose assets are named by their content, so that browsers need not ask for them again."""
        return ASSET.sub(self._named, page)

    def _named(self, found: re.Match[str]) -> str:
        """The address of an asset with the digest of its content; as it was where the file is gone."""
        file = self._assets / found[2]
        try:
            changed = file.stat()
            return f"{found[1]}{found[2]}?v={digest_of(file, changed.st_mtime_ns, changed.st_size)}"
        except OSError:
            return found[0]

    def _file(self, response: Response) -> AnyResponse:
        if response.status_code == 304:  # decided by a date or a tag that we never gave
            return response
        kept = self._remembered(request.path, response)
        gzipped = kept.packed is not None and takes_gzip()
        response.direct_passthrough = False
        response.set_data(kept.packed if gzipped and kept.packed is not None else kept.plain)
        if gzipped:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = how_long(kept.etag)
        response.headers.pop("Last-Modified", None)
        response.set_etag(kept.etag + ("-gzip" if gzipped else ""))
        return response.make_conditional(request)

    def _remembered(self, path: str, response: Response) -> Kept:
        mark = response.get_etag()[0]
        with self._lock:
            known = self._kept.get(path)
        if known is not None and known.mark == mark:
            response.close()
            return known
        response.direct_passthrough = False
        plain = response.get_data()
        worth = is_text(response) and len(plain) > SMALLEST
        made = Kept(mark, digest(plain), plain, gzip.compress(plain, 9, mtime=0) if worth else None)
        with self._lock:
            self._kept[path] = made
        return made


def digest(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()


@lru_cache(maxsize=256)
def digest_of(file: Path, _changed_ns: int, _size: int) -> str:
    """The digest of a file, read again when it was changed."""
    return digest(file.read_bytes())


def how_long(content: str) -> str:
    """A year for what is named by its content; the rest is asked for again, which is cheap.

    While files are being replaced, a page may name the new content where the old is still sent, or the
    other way round: kept for a year, that would be a mistake nobody could mend.
    """
    if request.args.get("v") == content or FINGERPRINT.search(request.path):
        return f"public, max-age={A_YEAR}, immutable"
    return f"public, max-age={A_DAY}" if request.path.endswith(".woff2") else "no-cache"


def takes_gzip() -> bool:
    return request.accept_encodings.quality("gzip") > 0


def is_text(response: Response) -> bool:
    return (response.mimetype or "").startswith(TEXTS)


def packed(response: Response) -> Response:
    """An answer compressed, where that pays."""
    if (
        response.direct_passthrough
        or response.status_code != 200
        or "Content-Encoding" in response.headers
        or not is_text(response)
    ):
        return response
    response.vary.add("Accept-Encoding")
    plain = response.get_data() if takes_gzip() else b""
    if len(plain) > SMALLEST:
        response.set_data(gzip.compress(plain, 4, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
