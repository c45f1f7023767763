#!/usr/bin/env bash
# The release binary, which the steps after this one ask
set -euo pipefail
cargo build --release --locked
