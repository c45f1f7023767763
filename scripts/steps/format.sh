#!/usr/bin/env bash
# Formatting of the Rust sources
set -euo pipefail
cargo fmt --check
