#!/usr/bin/env bash
# Slots, rooms and the budget of bytes in every order of threads (loom)
set -euo pipefail
cargo run --locked --quiet --manifest-path model/Cargo.toml --target-dir target/model
