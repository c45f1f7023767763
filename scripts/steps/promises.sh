#!/usr/bin/env bash
# Deadlines, shedding, aborts, stopping and idle connections of the release binary, measured
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/mirror.sh

open_scratch promises
build_mirror
mirror=$(realpath "$mirror")
# FULL=1: as before a release, on a machine that does nothing else; an hour.
long=() minutes=3
if [[ ${FULL:-} == 1 ]]; then long=(--long) minutes=30; fi
PYTHONPATH=scripts PYTHONDONTWRITEBYTECODE=1 python3 -m promises "$mirror" "$scratch" "${long[@]}"
MIRROR=$mirror scripts/soak.sh "$minutes"
