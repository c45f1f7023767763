#!/usr/bin/env bash
# Counts the instructions of the replay under callgrind and compares them with bench/baseline.json.
#
#   bench/gate.sh             more than 2 % above the baseline fails, more than 2 % below asks for a new one
#   bench/gate.sh --rebase    writes the baseline
#   bench/gate.sh --prove     does everything 5 % more often, and fails if that is not noticed
#   bench/gate.sh CASE…       some of them
#
# Instructions and not time: a busy machine does not change them. With another compiler or target than
# the baseline's, or another valgrind, nothing fails; the figures are only shown.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/say.sh
source scripts/lib/mirror.sh

have valgrind || skip "valgrind is not installed"
have python3 || skip "python3 is not installed"
open_scratch gate
bench/build.sh replay || die "cannot build the replay"
release_options
python3 -B bench/gate.py --replay "${CARGO_TARGET_DIR:-target}/$release_target/release/replay" --scratch "$scratch" \
  --baseline bench/baseline.json "$@"
