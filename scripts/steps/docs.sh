#!/usr/bin/env bash
# The API documentation builds, warnings denied
set -euo pipefail
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked
