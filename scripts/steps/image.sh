#!/usr/bin/env bash
# The Dockerfile: linted (hadolint), held to the program and the compose file, its building stages replayed
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/python.sh
source scripts/lib/console.sh
python_env image scripts/image/requirements.txt || die "cannot install hadolint"

# --failure-threshold: style too.
"$bin/hadolint" --failure-threshold style Dockerfile
say "hadolint says nothing"
"$bin/python" scripts/image/check.py
options=()
if ! has_node; then
  say "no Node 20.19 here: the console's stage is not replayed"
  options=(--without-console)
fi
cargo fetch --locked --quiet
"$bin/python" scripts/image/replay.py target/image-stages "${options[@]}"
bases=$(scripts/image/pin.sh --check 2>/dev/null || true)
[[ -z $bases ]] || say "not pinned by digest yet, so not to be published: ${bases//$'\n'/, }"
