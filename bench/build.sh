#!/usr/bin/env bash
# Builds programs of the benchmark, the stub and the replay or those that are named, with the
# dependencies that the release build has made.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/say.sh
source scripts/lib/mirror.sh

# What we ship is what is measured: the same versions, the same flags. Cargo adds the package itself.
cp Cargo.lock bench/Cargo.lock
(($#)) || set -- stub replay
release_options
for program in "$@"; do
  # Dependencies are bitcode for fat LTO, which is one thread for minutes; thin LTO of the same
  # bitcode uses all processors. Instructions are compared with such a build only. Symbols are kept,
  # for callgrind finds what it counts by its name.
  RUSTFLAGS=$release_flags cargo rustc --release --offline --quiet --target "$release_target" \
    --manifest-path bench/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}" \
    --bin "$program" -- -C lto=thin -C strip=debuginfo
done
