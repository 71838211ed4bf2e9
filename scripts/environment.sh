# Sourced by start.sh and test.sh: a virtual environment that holds what a requirements file names.

fail() {
    echo "$*" >&2
    exit 1
}

python_command() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" > /dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed."
}

# install_requirements FILE: does nothing where the environment holds it already.
install_requirements() {
    local python stamp wanted
    stamp=.venv/installed-$1
    wanted=$(cat requirements.txt "$1" | cksum)
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ]; then
        return
    fi
    python=$(python_command)
    if [ ! -x .venv/bin/python ]; then
        echo "Creating the environment in .venv …"
        "$python" -m venv .venv || fail "The environment could not be created (on Debian: apt-get install python3-venv)."
    fi
    echo "Installing $1 …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$1" 2> .venv/install.log || {
        cat .venv/install.log >&2
        fail "The installation failed."
    }
    echo "$wanted" > "$stamp"
}
