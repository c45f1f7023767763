#!/usr/bin/env bash
# Recording rules, alerts and dashboards (promtool)
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/prometheus.sh
open_scratch monitoring

# Debian's package carries promtool; the one that the backends' tests have will do.
promtool=target/backends/prometheus-bookworm/usr/bin/promtool
if [[ ! -x $promtool ]]; then
  unset PROMETHEUS
  fetch_prometheus
  promtool=${prometheus%/*}/promtool
fi

python3 scripts/monitoring/generate.py --check || die "something is stale"
"$promtool" check rules monitoring/rules.yaml monitoring/alerts.yaml
"$promtool" test rules monitoring/tests/*.yaml
python3 tests/monitoring/check.py "$promtool"
