#!/usr/bin/env bash
# All faults in random order, for as long as one likes.
#
#   scripts/soak.sh [minutes] [seed]
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-60} seed=${2:-$RANDOM}
printf 'soak: %s minutes, seed %s\n' "$minutes" "$seed"
SOAK_SECONDS=$((minutes * 60)) SOAK_SEED=$seed \
  cargo test --locked --test it -- --nocapture faults::soak
