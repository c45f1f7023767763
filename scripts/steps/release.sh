#!/usr/bin/env bash
# The console's page and the release binary with it, which the steps after this one ask
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/console.sh
source scripts/lib/mirror.sh
cargo_options=()
if [[ -n ${MIRROR:-} ]]; then
  say "nothing is built: $MIRROR"
elif has_node; then
  build_console || die "the console cannot be built"
else
  say "no Node 20 here: the binary is built without its console"
fi
build_mirror
