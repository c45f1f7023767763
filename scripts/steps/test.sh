#!/usr/bin/env bash
# Unit and integration tests: golden folders, properties, schema drift, layering
set -euo pipefail
if [[ ${FULL:-} == 1 ]]; then export PROPTEST_CASES=4096; fi
cargo test --locked
