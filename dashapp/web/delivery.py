"""How files and answers travel: compressed once, kept by the browser for as long as they stay the same."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
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
    """A file as it was sent first; files do not change while the server runs."""

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
        if request.method != "GET" and request.path != "/_dash-update-component":
            return response
        if request.path.startswith(STATIC) and response.status_code in {200, 304}:
            return self._file(response)
        return packed(response)

    def versioned(self, page: str) -> str:
        """A page whose assets are named by their content, so that browsers need not ask for them again."""
        return ASSET.sub(lambda found: f"{found[1]}{found[2]}?v={self._digest(found[2])}", page)

    def _digest(self, name: str) -> str:
        return digest((self._assets / name).read_bytes())

    def _file(self, response: Response) -> AnyResponse:
        if response.status_code == 304:  # decided by a tag of ours
            return response
        kept = self._remembered(request.path, response)
        gzipped = kept.packed is not None and takes_gzip()
        response.direct_passthrough = False
        response.set_data(kept.packed if gzipped and kept.packed is not None else kept.plain)
        if gzipped:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = how_long()
        response.headers.pop("Last-Modified", None)
        response.set_etag(kept.etag + ("-gzip" if gzipped else ""))
        return response.make_conditional(request)

    def _remembered(self, path: str, response: Response) -> Kept:
        with self._lock:
            known = self._kept.get(path)
        if known is not None:
            response.close()
            return known
        response.direct_passthrough = False
        plain = response.get_data()
        worth = is_text(response) and len(plain) > SMALLEST
        made = Kept(digest(plain), plain, gzip.compress(plain, 9, mtime=0) if worth else None)
        with self._lock:
            return self._kept.setdefault(path, made)


def digest(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()


def how_long() -> str:
    """A year for what is named by its content; the rest is asked for again, which is cheap."""
    if request.args.get("v") or FINGERPRINT.search(request.path):
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
        or not takes_gzip()
    ):
        return response
    plain = response.get_data()
    if len(plain) > SMALLEST:
        response.set_data(gzip.compress(plain, 4, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
