#!/bin/sh
# Makes the virtual environment that the interop tests' servers run in, unless
# it is there already and up to date.
#
#     scripts/python-env.sh DIR

set -eu

fail() {
    echo "python-env.sh: $1" >&2
    exit 1
}

[ $# -eq 1 ] && [ -n "$1" ] || fail "usage: python-env.sh DIR"
dir=$1
requirements=$(dirname "$0")/../Tests/InteropTests/Servers/requirements.txt
stamp=$dir/requirements.cksum

[ -r "$requirements" ] || fail "cannot read $requirements"
checksum=$(cksum <"$requirements")

# A Python that went away leaves bin/python dangling; then all is made anew.
if [ -x "$dir/bin/python" ] && [ -f "$stamp" ] &&
    [ "$(cat "$stamp")" = "$checksum" ]; then
    exit 0
fi

command -v python3 >/dev/null 2>&1 ||
    fail "no python3 found; install Python 3.11 or newer (Debian: python3 and python3-venv)"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "python3 is older than 3.11, which the servers need; put a newer one first on PATH"
# Debian has venv itself without the package, but not the pip it needs.
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    fail "python3 cannot make virtual environments; install venv (Debian: python3-venv)"

# --clear below empties DIR, so it must not be somebody's other directory.
if [ -e "$dir" ] && [ ! -f "$dir/pyvenv.cfg" ] &&
    [ -n "$(ls -A "$dir")" ]; then
    fail "$dir exists and is no virtual environment; give another directory"
fi

echo "python-env.sh: installing the interop servers' packages in $dir" >&2
python3 -m venv --clear "$dir" || fail "could not make a virtual environment in $dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$requirements" || fail "pip could not install $requirements"

# Last, so that an install cut short is done again.
echo "$checksum" >"$stamp"
