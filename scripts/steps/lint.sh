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
