#!/usr/bin/env bash
# Instructions of a replay, against bench/baseline.json (callgrind)
set -euo pipefail
# The programs of the benchmark, with the versions of the mirror.
cp Cargo.lock bench/Cargo.lock
cargo clippy --offline --manifest-path bench/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}" -- \
  -D warnings
exec bench/gate.sh
