#!/usr/bin/env bash
# Measures the goals of docs/performance.md, side by side with nginx.
#
#   bench/run.sh                 all parts: 7 rounds of 15 s each, about an hour
#   bench/run.sh --quick         3 rounds of 3 s: to develop with, not to quote
#   bench/run.sh g1 g4           some of them
#   bench/run.sh --help          names them
#
# Needs two processors, and Debian's nginx, wrk, hey and python3; a part whose tool is missing is
# skipped and says so. MIRROR=/path/to/a/binary measures that one. Leaves target/bench/report.json.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/mirror.sh

need_cargo
have python3 || die "python3 is needed"
[[ -r /proc/self/stat ]] || skip "no /proc: what is used cannot be read"
open_scratch bench
target=${CARGO_TARGET_DIR:-target}
if [[ " $* " != *" --help "* ]]; then
  build_mirror
  bench/build.sh || die "cannot build the stub and the replay"
fi
release_options
built=$target/$release_target/release
mkdir -p "$target/bench"

if [[ -z ${BENCH_PROMETHEUS:-} ]]; then
  for home in target/quickstart/prometheus target/backends/prometheus-*; do
    [[ ! -x $home/usr/bin/promtool ]] || BENCH_PROMETHEUS=$home/usr/bin/prometheus
  done
fi
export BENCH_PROMETHEUS=${BENCH_PROMETHEUS:-}

PYTHONPATH=bench python3 -B -m suite "$@" \
  --mirror "${mirror:-$built/prometheus-mirror}" --stub "$built/stub" \
  --replay "$built/replay" --scratch "$scratch" --report "$target/bench/report.json"
