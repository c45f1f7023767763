#!/usr/bin/env bash
# The Helm chart under Helm 3 and 4: manifests, notes, refused values, golden renderings
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/python.sh

python_env chart scripts/chart/requirements.txt || die "cannot install what checks manifests"
"$bin/python" scripts/chart/helm.py || die "cannot fetch Helm"
"$bin/python" scripts/chart/readme.py --check || die "the chart's README.md is stale"
"$bin/python" tests/chart/check.py

mirror=${CARGO_TARGET_DIR:-target}/release/prometheus-mirror
if [[ -x $mirror ]]; then
  "$bin/python" tests/chart/mirror.py "$mirror"
else
  say "the rendered configurations are not checked: $mirror is not built"
fi
