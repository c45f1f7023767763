#!/usr/bin/env bash
# The README's examples, and calls generated from the schema, against the running mirror
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh
source scripts/lib/python.sh
source scripts/quickstart/requests.sh

open_scratch contract
fetch_prometheus
build_mirror
python_env contract tests/contract/requirements.txt || die "cannot install schemathesis"
start_mirror "$scratch"
start_prometheus "$scratch" "$admin_port"
wait_for_buckets

export MIRROR=http://127.0.0.1:$mirror_port MIRROR_KEY=$key
export BACKEND=http://127.0.0.1:$prometheus_port
for page in README.md docs/queries.md; do
  "$bin/python" tests/contract/readme.py "$page"
done

examples=400
if [[ ${FULL:-} == 1 ]]; then examples=4000; fi
# A fixed seed: what passed here passes elsewhere; `--full` looks further. One worker: with
# several, CPython 3.11 can trip over its own parser (python/cpython#106905).
SCHEMATHESIS_HOOKS=tests/contract/checks.py "$bin/schemathesis" \
  --config-file tests/contract/schemathesis.toml \
  run "$MIRROR/openapi.json" --max-examples "$examples" --seed 20 \
  --request-timeout 40 --no-color --continue-on-failure --warnings off ||
  die "an answer is outside the contract, or the generator failed; see above"
