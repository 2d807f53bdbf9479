#!/bin/sh
# Installs the Debian packages that building and testing need, those that are missing only: on a machine that has
# them all, nothing is fetched and no rights are needed.
set -eu

build='gcc binutils make pkg-config libc6-dev liblmdb-dev libmsgpack-dev libxxhash-dev libutf8proc-dev libjansson-dev
    libcsv-dev libsmartcols-dev libssl-dev libsqlite3-dev tzdata'
tests='g++ clang libclang-rt-14-dev libcmocka-dev bats python3 python3-lmdb lmdb-utils openssl util-linux procps
    ca-certificates'

missing=
for package in $build $tests; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "deps: these Debian packages are missing and only root can install them:$missing" >&2
    exit 1
fi

$as_root apt-get update -q
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
