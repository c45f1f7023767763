#!/usr/bin/env bash
# ./quickstart.sh --check
set -euo pipefail
./quickstart.sh --check
