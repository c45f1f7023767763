#!/usr/bin/env bash
# Every number against raw samples, on real Prometheus 2.42, 3.5 and VictoriaMetrics
set -euo pipefail
scripts/backends.sh
BACKENDS_REQUIRED=1 cargo test --locked --test backends
