"""The README says what the code does."""

from __future__ import annotations

import re

from builders import ROOT

from dashapp.settings import Settings
from dashapp.web.api import QUESTIONS

README = (ROOT / "README.md").read_text()


def test_every_setting_is_listed_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    defaults, meanings = Settings.defaults(), Settings.meanings()
    expected = [
        (name, f"`{default}`" if default else "empty", meanings[name]) for name, default in defaults.items()
    ]
    assert rows == expected


def test_every_address_of_the_api_is_listed() -> None:
    for question in QUESTIONS:
        assert f"`/api/analytics/live/{question.name}`" in README


def test_the_pictures_exist() -> None:
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / path).is_file()
