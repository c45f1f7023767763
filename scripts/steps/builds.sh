#!/usr/bin/env bash
# All tests compile, so that none of them runs while something is built
set -euo pipefail
cargo test --locked --no-run
cargo test --locked --no-run --test backends --test connections
