#!/bin/sh
# Make or refresh .venv from the lock. Usage: setup/environment.sh run|dev|bench
# The peers that benchmarks are held against stand in .venv-bench: one of them is under the
# AGPL, and nothing of that kind stands beside the product.
# Everything is pinned with hashes; nothing is built or fetched unpinned.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

new_enough='import sys; sys.exit(sys.version_info < (3, 12))'
has_venv='import venv, ensurepip'

# A command of that name can be there and still not start (a version manager's shim),
# so each candidate is run, not only looked up.
find_python() {
    for name in python3.13 python3.12 python3.14 python3; do
        if "$name" -c "$new_enough" >/dev/null 2>&1; then
            if "$name" -c "$has_venv" >/dev/null 2>&1; then
                command -v "$name"
                return 0
            fi
            without_venv=$name
        fi
    done
    return 1
}

# No Python of 3.12 or newer: uv, from the package index, can bring one.
python_through_uv() {
    printf 'No Python of 3.12 or newer here; getting one through uv from the package index.\n' >&2
    rm -rf .python
    mkdir .python
    if command -v uv >/dev/null 2>&1; then
        uv=uv
    elif python3 -c "$has_venv" >/dev/null 2>&1 &&
        python3 -m venv .python/uv >/dev/null 2>&1 &&
        .python/uv/bin/python -m pip install --quiet --disable-pip-version-check uv \
            >.python/log 2>&1; then
        uv=.python/uv/bin/uv
    else
        return 1
    fi
    UV_PYTHON_INSTALL_DIR="$PWD/.python/versions" "$uv" python install --no-bin 3.12 \
        >>.python/log 2>&1 || return 1
    set -- "$PWD"/.python/versions/cpython-3.12*/bin/python3.12
    [ -x "$1" ] || return 1
    printf '%s\n' "$1"
}

venv=.venv
[ "${1:-run}" != bench ] || venv=.venv-bench
without_venv=
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c "$new_enough" >/dev/null 2>&1; then
    python=$(find_python) || python=$(python_through_uv) || {
        for name in python3.13 python3.12 python3.14 python3; do
            if "$name" -c "$new_enough" >/dev/null 2>&1; then
                fail "$name is here but lacks venv; install it (Debian, Ubuntu: sudo apt-get install python3-venv) and run make again."
            fi
        done
        fail "arealplan needs Python 3.12 or newer, none was found, and uv could not bring one; install it (Debian, Ubuntu: sudo apt-get install python3.12 python3.12-venv) and run make again."
    }
    printf 'Setting up %s with %s\n' "$venv" "$("$python" --version)"
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "could not make $venv with $python; is the disk full or the folder read-only?"
fi

case "${1:-run}" in
run) lock=requirements.txt ;;
dev) lock=requirements-dev.txt ;;
bench) lock=requirements-bench.txt ;;
*) fail "usage: setup/environment.sh run|dev|bench" ;;
esac

# The lock names every package, so pip resolves nothing (--no-deps): what it does not name is not fetched.
printf 'Installing the locked dependencies (%s, once, about a minute) ...\n' "$lock"
install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes --no-deps --only-binary :all: -r "$1" ||
        fail "the locked dependencies could not be installed from the package index; see the lines above."
}
# The peers come on top of what arealplan itself runs with.
[ "$lock" != requirements-bench.txt ] || install requirements.txt
install "$lock"
if [ "$lock" = requirements-dev.txt ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes --no-deps --no-build-isolation -r requirements-source.txt ||
        fail "a test dependency that is delivered as source could not be built; see the lines above."
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --no-deps --no-build-isolation --no-index --editable . ||
    fail "arealplan itself could not be installed into $venv; see the lines above."

printf 'Compiling the kernels (once, half a minute) ...\n'
"$venv/bin/python" setup/kernels.py >/dev/null ||
    fail "the kernels could not be compiled; see the lines above."
