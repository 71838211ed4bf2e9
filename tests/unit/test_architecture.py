"""Imports point downwards, and each library has one home."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import ROOT

ORDER = ("errors", "settings", "domain", "source", "live", "metrics", "charts", "reports", "web")
LAYER = {name: level for level, name in enumerate(ORDER)}
SIBLINGS = {frozenset(("source", "live")), frozenset(("source", "metrics")), frozenset(("live", "metrics"))}
HOMES = {
    "pymongo": ("dashapp/source",),
    "bson": ("dashapp/source",),
    "sqlite3": ("dashapp/source",),
    "flask": ("dashapp/web", "dashapp/cli.py", "dashapp/background.py"),
    "dash": ("dashapp/web", "pages"),
    "plotly": ("dashapp/charts/interactive.py",),
    "matplotlib": ("dashapp/charts/png.py",),
    "PIL": ("dashapp/charts/png.py",),
    "sklearn": ("dashapp/metrics/models",),
    "scipy": ("dashapp/metrics/models",),
    "threadpoolctl": ("dashapp/metrics/models",),
    "babel": ("dashapp/charts/format.py", "dashapp/settings.py"),
    "bcrypt": ("dashapp/source/accounts.py",),
    "argon2": ("dashapp/source/accounts.py",),
    "jwt": ("dashapp/web/auth.py",),
}
FILES = sorted(
    path.relative_to(ROOT) for folder in ("dashapp", "pages") for path in (ROOT / folder).rglob("*.py")
)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "dashapp" and len(parts) > 1 and parts[1] in LAYER else None


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_downwards(path: Path) -> None:
    own = layer(".".join(path.with_suffix("").parts))
    if own is None:
        return
    for module in imported(path):
        other = layer(module)
        if other is None or other == own:
            continue
        assert LAYER[other] < LAYER[own], f"{own} imports {module}"
        assert frozenset((own, other)) not in SIBLINGS, f"{own} and {other} should not know each other"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_each_library_has_one_home(path: Path) -> None:
    for module in imported(path):
        homes = HOMES.get(module.split(".")[0])
        if homes:
            assert str(path).startswith(homes), f"{path} imports {module}, whose home is {homes}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_modules_stay_short(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", FILES, ids=str)
def test_functions_stay_short(path: Path) -> None:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, f"{path}: {node.name}"


def test_only_settings_read_the_environment() -> None:
    readers = [str(path) for path in FILES if "os.environ" in (ROOT / path).read_text()]
    assert readers == ["dashapp/settings.py"]
