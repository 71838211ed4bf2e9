#!/usr/bin/env bash
# Set up what the tests need, then run all of them: style, types, tests. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
. ./scripts/environment.sh
install_requirements requirements-dev.txt

# The browser tests need Chromium and its driver; on Debian as root they can be installed.
if ! command -v chromium > /dev/null || ! command -v chromedriver > /dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        echo "Installing Chromium …"
        { apt-get -qq update && apt-get -qq -y --no-install-recommends install chromium chromium-driver; } \
            > .venv/chromium.log 2>&1 || { tail -5 .venv/chromium.log >&2; echo "Chromium could not be installed."; }
    else
        echo "NO BROWSER: install chromium and chromedriver to run the browser tests; they are skipped." >&2
    fi
fi

.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/python -m pytest "$@"
