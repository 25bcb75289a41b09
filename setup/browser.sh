#!/bin/sh
# See to it that there is a Chromium for the browser tests, from the system's packages.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if ! command -v apt-get >/dev/null 2>&1; then
    printf 'No Chromium found and no apt-get here; install Chromium so that the browser tests can run.\n' >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true >/dev/null 2>&1; then
    as_root='sudo -n'
else
    printf 'The browser tests need Chromium, and installing it needs rights you lack here; ask for: sudo apt-get install chromium\n' >&2
    exit 0
fi
printf 'Installing Chromium from the system packages (once) ...\n'
$as_root apt-get update -qq >/dev/null 2>&1 || true
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium \
    fonts-dejavu-core >/dev/null ||
    printf 'Chromium could not be installed; the browser tests will say so.\n' >&2
