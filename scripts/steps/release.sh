#!/usr/bin/env bash
# The release binary, which the steps after this one ask
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/mirror.sh
cargo_options=()
build_mirror
