#!/bin/sh
# See to it that there is a PostgreSQL with PostGIS for the tests that are held against it.
# Only where nobody is disturbed by it: in CI, or when asked for by hand (sh setup/postgis.sh now).
set -eu

for control in /usr/share/postgresql/*/extension/postgis.control; do
    if [ -f "$control" ]; then
        exit 0
    fi
done
if [ "${CI:-}" != true ] && [ "${1:-}" != now ]; then
    printf 'No PostGIS here: the tests held against it are skipped (sh setup/postgis.sh now installs it).\n' >&2
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    printf 'No PostGIS found and no apt-get here; the tests held against it are skipped.\n' >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true >/dev/null 2>&1; then
    as_root='sudo -n'
else
    printf 'Installing PostGIS needs rights you lack here; ask for: sudo apt-get install postgresql-postgis\n' >&2
    exit 0
fi
printf 'Installing PostGIS from the system packages (once) ...\n'
$as_root apt-get update -qq >/dev/null 2>&1 || true
# No cluster of the system's own: the tests make theirs and take it away again.
$as_root mkdir -p /etc/postgresql-common/createcluster.d
printf 'create_main_cluster = false\n' |
    $as_root tee /etc/postgresql-common/createcluster.d/no-main.conf >/dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
    postgresql-postgis >/dev/null ||
    printf 'PostGIS could not be installed; the tests held against it say so.\n' >&2
