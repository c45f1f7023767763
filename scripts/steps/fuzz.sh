#!/usr/bin/env bash
# Every fuzz target for 10 seconds, with --full for 4 minutes (cargo-fuzz)
set -euo pipefail
seconds=10
if [[ ${FULL:-} == 1 ]]; then seconds=240; fi
exec scripts/fuzz.sh "$seconds"
