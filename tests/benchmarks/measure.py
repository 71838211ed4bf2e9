"""What the benchmarks share: timing, tables, the database server."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from builders import ROOT

KIT = ROOT.parent / "shared" / "mongo"
KIT_PORT = "28117"
KIT_STATE = Path("/var/tmp/live-analytics-mongo")


def seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def repeated(work: Callable[[], Any], times: int = 15) -> list[float]:
    """How long each run took, after one that does not count."""
    work()
    return [seconds(work) for _ in range(times)]


def ms(took: Sequence[float]) -> str:
    """Median (min–max) in milliseconds."""
    return f"{statistics.median(took) * 1e3:.1f} ({min(took) * 1e3:.1f}–{max(took) * 1e3:.1f}) ms"


def percentiles(took: Sequence[float]) -> str:
    """p50 / p95 / max in seconds."""
    ordered = sorted(took)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):.3f} / {p95:.3f} / {ordered[-1]:.3f} s"


def table(title: str, rows: Sequence[tuple[str, ...]], header: tuple[str, ...]) -> None:
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    print(f"\n{title}\n")
    for row in (header, tuple("-" * width for width in widths), *rows):
        print("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    print(flush=True)


def memory_mb(process: int | str = "self") -> dict[str, float]:
    """Resident memory of a process: now, and at its highest."""
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    found = {
        line.partition(":")[0]: line.split()[1] for line in status if line.startswith(("VmRSS", "VmHWM"))
    }
    return {"now": int(found["VmRSS"]) / 1024, "highest": int(found["VmHWM"]) / 1024}


def mongo_uri() -> str | None:
    """A MongoDB (or compatible) server: MONGODB_TEST_URI, or one started from the kit beside the project."""
    if given := os.environ.get("MONGODB_TEST_URI", ""):
        return given
    if os.geteuid() != 0 or not (KIT / "start").exists():
        print("No MongoDB server: set MONGODB_TEST_URI.")
        return None
    started = subprocess.run(
        [KIT / "start", KIT_PORT, KIT_STATE], capture_output=True, text=True, timeout=900, check=True
    )
    return started.stdout.split()[-1]
