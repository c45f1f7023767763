#!/usr/bin/env bash
# The Dockerfile (hadolint), and what it, the compose file and the program must agree on
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/python.sh
python_env image scripts/image/requirements.txt || die "cannot install hadolint"

# --failure-threshold: style too.
"$bin/hadolint" --failure-threshold style Dockerfile
say "hadolint says nothing"
"$bin/python" scripts/image/check.py
bases=$(scripts/image/pin.sh --check 2>/dev/null || true)
[[ -z $bases ]] || say "not pinned by digest yet, so not to be published: ${bases//$'\n'/, }"
