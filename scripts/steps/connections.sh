#!/usr/bin/env bash
# Every way to authenticate, on real nginx, moto's STS and signatures checked by botocore
set -euo pipefail
scripts/backends.sh
scripts/peers.sh
.venv/bin/python -B tests/peers/check.py
BACKENDS_REQUIRED=1 cargo test --locked --test connections
