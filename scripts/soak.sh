#!/usr/bin/env bash
# All faults in random order, for as long as one likes; from 20 minutes on it tells leaks too.
#
#   scripts/soak.sh [minutes] [seed]     MIRROR=/path takes another binary than the one of the tests
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-60} seed=${2:-$RANDOM}
printf 'soak: %s minutes, seed %s\n' "$minutes" "$seed"
SOAK_SECONDS=$((minutes * 60)) SOAK_SEED=$seed \
  cargo test --locked --test it -- --nocapture faults::soak::all_faults
