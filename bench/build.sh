#!/usr/bin/env bash
# Builds programs of the benchmark, the stub and the replay or those that are named, with the
# dependencies that the release build has made.
set -euo pipefail
cd "$(dirname "$0")/.."

# What we ship is what is measured: the same versions. Cargo adds the package itself.
cp Cargo.lock bench/Cargo.lock
(($#)) || set -- stub replay
for program in "$@"; do
  # Dependencies are bitcode for fat LTO, which is one thread for minutes; thin LTO of the same
  # bitcode uses all processors. Instructions are compared with such a build only.
  cargo rustc --release --offline --quiet --manifest-path bench/Cargo.toml \
    --target-dir "${CARGO_TARGET_DIR:-target}" --bin "$program" -- -C lto=thin
done
