#!/usr/bin/env bash
# Instructions of a replay, against bench/baseline.json (callgrind)
set -euo pipefail
exec bench/gate.sh
