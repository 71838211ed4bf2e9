"""What the description of the API promises holds for generated requests, right ones and wrong ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from builders import AppServer

# Not among them: positive_data_acceptance, as "daysBack, or from and to" cannot be said in a description.
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
CONFIGURATION: Final = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 413, 414, 415]
"""
METHODS: Final = {"get", "post", "put", "patch", "delete"}
EXAMPLES: Final = "8"


def operations(described: dict[str, Any]) -> int:
    return sum(method in METHODS for item in described["paths"].values() for method in item)


def test_generated_requests_are_answered_as_described(server: AppServer, token: str, tmp_path: Path) -> None:
    described, report = tmp_path / "openapi.json", tmp_path / "report.json"
    described.write_bytes(server.get("/api/openapi.json").body)
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", described, "--url", server.url),
            *("--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS)),
            *("--phases", "examples,coverage,fuzzing", "--mode", "all", "--continue-on-failure"),
            *("--max-examples", EXAMPLES, "--generation-deterministic", "--no-color"),
            *("--report", "json", "--report-json-path", report),
        ],
        cwd=tmp_path,
        env={name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(report.read_text())
    assert told["complete"] is True
    assert told["operations"]["tested"] == operations(json.loads(described.read_text()))
