#!/usr/bin/env bash
# Install what is needed into .venv, then start everything in the foreground. Ctrl-C stops it.
set -euo pipefail
cd "$(dirname "$0")"
. ./scripts/environment.sh
install_requirements requirements.txt
exec .venv/bin/gunicorn wsgi:app
