#!/bin/sh
#
# Installs the real clients that the tests in t/sdk use, when they are not the
# ones its lock file names.

set -eu

cd "$(dirname "$0")/../t/sdk" 2>/dev/null || exit 0
[ -f package.json ] || exit 0

installed=node_modules/.package-lock.json

if [ -f $installed ] \
   && [ -z "$(find package.json package-lock.json -newer $installed)" ]
then
    exit 0
fi

../../tools/apt.sh need sdk

echo "installing: the packages of t/sdk/package.json"
npm ci --no-audit --no-fund --ignore-scripts
touch $installed
