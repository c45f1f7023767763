#!/usr/bin/env bash
# The Helm chart under Helm 3 and 4: manifests, notes, refused values, golden renderings
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/mirror.sh
source scripts/lib/python.sh

python_env chart scripts/chart/requirements.txt || die "cannot install what checks manifests"
"$bin/python" scripts/chart/helm.py || die "cannot fetch Helm"
"$bin/python" scripts/chart/readme.py --check || die "the chart's README.md is stale"
"$bin/python" scripts/chart/settings.py --check || die "the names of settings in values.schema.json are stale"
"$bin/python" tests/chart/check.py
"$bin/python" tests/chart/nulls.py

build_mirror
"$bin/python" tests/chart/mirror.py "$mirror"
