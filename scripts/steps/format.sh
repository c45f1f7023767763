#!/usr/bin/env bash
# Formatting of the Rust sources
set -euo pipefail
cargo fmt --check
cargo fmt --check --manifest-path bench/Cargo.toml
