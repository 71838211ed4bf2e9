"""A digest of rows that does not depend on their order, on codes or on the process."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from dashapp.domain.tables import Events, Keys

U64 = np.uint64


def text_hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


@lru_cache(maxsize=8)
def _hashes(names: tuple[str, ...]) -> Keys:
    """A hash per code; the last entry stands for nobody."""
    return np.array([*(text_hash(name) for name in names), 0], dtype=U64)


def _mixed(state: Keys, value: NDArray[np.generic]) -> Keys:
    """Fold a column into the running hashes (the finaliser of SplitMix64)."""
    x: Keys = (state ^ value.astype(U64)) + U64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
    return x ^ (x >> U64(31))


def content_sum(kind: str, rows: Events, users: tuple[str, ...], facilities: tuple[str, ...]) -> int:
    """The sum of the rows' hashes modulo 2**64, so that it can be kept up as rows come and go."""
    if not len(rows):
        return 0
    state = rows.key ^ U64(text_hash(kind))
    state = _mixed(state, rows.at)
    state = _mixed(state, _hashes(users)[rows.user])
    state = _mixed(state, _hashes(facilities)[rows.facility])
    state = _mixed(state, rows.status)
    state = _mixed(state, rows.amount)
    return int(np.add.reduce(_mixed(state, rows.link), dtype=U64))
