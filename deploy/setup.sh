#!/usr/bin/env bash
# Makes .venv with every package that requirements.lock names, checked by hash; does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."
# What the surroundings may set would lead the environment astray.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

USABLE='import ensurepip, sys, venv
sys.exit(sys.version_info < (3, 11))'
STAMP=.venv/installed

# What was installed, and where: an environment does not work in another folder than its own.
wanted() { pwd && cat pyproject.toml requirements.lock; }

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3.14 python3 python; do
        if "$candidate" -c "$USABLE" >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    echo "setup: needs Python 3.11 or newer with venv (on Debian python3-venv too) on PATH; found none" >&2
    return 1
}

# One growing line on a terminal, a line every 20 packages elsewhere.
progress() {
    awk -v all="$(grep -c '==' requirements.lock)" -v terminal="$(test -t 1 && echo 1 || echo 0)" '
        /^ERROR/ { failed = 1 }
        failed { print; next }
        /^Collecting / { n++; if (terminal) printf "\r\033[K  %d of %d: %s", n, all, $2
                         else if (n % 20 == 0) printf "  %d of %d packages\n", n, all; fflush() }
        /^Installing collected/ { printf "%s  unpacking\n", terminal ? "\r\033[K" : ""; fflush() }'
}

if [ -f $STAMP ] && wanted | cmp -s - $STAMP; then
    exit 0
fi
if ! { [ -f $STAMP ] && [ "$(head -n 1 $STAMP)" = "$(pwd)" ] && .venv/bin/python -c "$USABLE"; }; then
    python=$(find_python)
    test ! -L .venv || rm .venv # It belongs to somebody else: what is cleared is what it points to.
    echo "setup: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
echo "setup: installing what requirements.lock names (the first time 120 MB are downloaded)"
.venv/bin/python -m pip install --require-hashes -r requirements.lock 2>&1 | progress || {
    echo "setup: the packages could not be installed; see above, then try again" >&2
    exit 1
}
# The build backend is among the locked packages: without isolation nothing is downloaded here.
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
wanted > $STAMP
echo "setup: done, the program is .venv/bin/igny8"
