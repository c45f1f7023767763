#!/usr/bin/env bash
# Clippy, warnings denied
set -euo pipefail
source scripts/lib/say.sh
open_scratch lint

# A misspelt path in clippy.toml's lists is only a warning, even under -D warnings; so its
# text is looked for. Clippy prints it when it really runs, which touching a source makes sure of.
touch src/lib.rs
cargo clippy --all-targets --locked -- -D warnings 2>&1 | tee "$scratch/log"
if grep -n 'does not refer to' "$scratch/log"; then
  die "clippy.toml names something that does not exist"
fi

# The programs of the benchmark, with the versions of the mirror.
cp Cargo.lock bench/Cargo.lock
cargo clippy --offline --manifest-path bench/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}" -- \
  -D warnings
