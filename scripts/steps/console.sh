#!/usr/bin/env bash
# The console page: types, unit tests, build, size, and what a browser makes of it
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh

have npm || skip "no npm here: the console is built with Node 20 or newer"
need_debian /usr/bin/chromium=chromium

cd console
npm ci --no-fund --no-audit --loglevel=error
# Who installs by it shall do so from the registry of their own.
if grep -n '"resolved"' package-lock.json; then die "package-lock.json names a registry"; fi
npm run --silent check
npm test --silent
npm run --silent build -- --logLevel=warn
npm run --silent budget
npm run --silent e2e
