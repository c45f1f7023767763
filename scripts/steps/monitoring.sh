#!/usr/bin/env bash
# Recording rules, alerts and dashboards: promtool, and a running mirror under mixed traffic
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh
open_scratch monitoring

# Debian's package carries promtool; the one that the backends' tests have will do.
if [[ -z ${PROMETHEUS:-} && -x target/backends/prometheus-bookworm/usr/bin/prometheus ]]; then
  PROMETHEUS=target/backends/prometheus-bookworm/usr/bin/prometheus
fi
fetch_prometheus
promtool=${prometheus%/*}/promtool
[[ -x $promtool ]] || die "there is no promtool beside $prometheus"
build_mirror

python3 scripts/monitoring/generate.py --check || die "something is stale"
"$promtool" check rules monitoring/rules.yaml monitoring/alerts.yaml
"$promtool" test rules monitoring/tests/*.yaml
python3 tests/monitoring/check.py "$promtool"

# On a running mirror, scraped by a Prometheus that evaluates the rules.
need_debian openssl=openssl
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=mirror \
  -keyout "$scratch/client.key" -out "$scratch/client.pem" 2>"$scratch/openssl.log" ||
  { logs+=("$scratch/openssl.log"); die "openssl"; }
prometheus_config() {
  cat <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$PWD/monitoring/rules.yaml", "$PWD/monitoring/alerts.yaml"]
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ["127.0.0.1:$prometheus_port"]}]
  - job_name: prometheus-mirror
    static_configs: [{targets: ["127.0.0.1:$2"]}]
YAML
}
admin_port=$(free_port 9901) stub_port=$(free_port 9990) mirror_port=$(free_port 9900)
start_prometheus "$scratch" "$admin_port"
python3 tests/monitoring/traffic.py configuration "$prometheus_port" "$stub_port" "$PWD/$scratch" \
  >"$scratch/mirror.yaml"
logs+=("$scratch/mirror.log" "$scratch/traffic.log")
env -i API_KEY="$(random_key)" MIRROR_LISTEN=127.0.0.1 PORT="$mirror_port" ADMIN_PORT="$admin_port" \
  "$mirror" serve --config "$scratch/mirror.yaml" >"$scratch/mirror.log" 2>&1 &
await "$!" curl -sf "http://127.0.0.1:$admin_port/-/ready" || die "the mirror did not start"
python3 tests/monitoring/traffic.py send "$mirror_port" "$stub_port" >"$scratch/traffic.log" 2>&1 &
python3 tests/monitoring/live.py "http://127.0.0.1:$admin_port/metrics" \
  "http://127.0.0.1:$prometheus_port" || die "something of the mixin has no data"
