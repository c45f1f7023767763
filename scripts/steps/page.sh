#!/usr/bin/env bash
# The console page without a browser: types, unit tests, size
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/console.sh

has_node || skip "no Node 20.19 here: the console cannot be built"
# Who installs by it shall do so from the registry of their own.
if grep -n '"resolved"' console/package-lock.json; then die "package-lock.json names a registry"; fi
build_console || die "the console cannot be built"
cd console
[[ -d node_modules ]] || npm ci --no-fund --no-audit --loglevel=error
npm run --silent check
npm test --silent
npm run --silent budget
