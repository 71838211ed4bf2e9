"""Run the benchmarks, all of them or those named: `run.py snapshot pictures`."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BENCHMARKS = ("snapshot", "loading", "freshness", "outage", "pictures", "pages")
LIBRARIES = ("numpy", "pandas", "pymongo", "flask", "dash", "gunicorn", "matplotlib", "playwright")


def main() -> None:
    named = sys.argv[1:] or BENCHMARKS
    if unknown := set(named) - set(BENCHMARKS):
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.")
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    print(f"Python {platform.python_version()}, {libraries}")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {platform.platform()}", flush=True)
    paths = os.pathsep.join(map(str, (ROOT, HERE.parent, HERE)))
    failed = [
        name
        for name in named
        if subprocess.run(
            [sys.executable, HERE / f"{name}_bench.py"],
            env={**os.environ, "PYTHONPATH": paths},
            cwd=ROOT,
            check=False,
        ).returncode
    ]
    sys.exit(f"Failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
