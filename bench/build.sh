#!/usr/bin/env bash
# Builds the programs of the benchmark, with the dependencies and the options of the release build.
set -euo pipefail
cd "$(dirname "$0")/.."

# What we ship is what is measured: the same versions. Cargo adds the package itself.
cp Cargo.lock bench/Cargo.lock
cargo build --release --offline --quiet --manifest-path bench/Cargo.toml \
  --target-dir "${CARGO_TARGET_DIR:-target}" "$@"
