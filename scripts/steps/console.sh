#!/usr/bin/env bash
# The console page in a browser, before a mock and a mirror
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/console.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh

need_node || skip "no Node 20.19 here, and Debian 13 is the first that has it: the console cannot be built"
need_debian /usr/bin/chromium=chromium
open_scratch console

step "the page"
build_console || die "the console cannot be built"
[[ -d console/node_modules ]] || (cd console && npm ci --no-fund --no-audit --loglevel=error)

# history DIR: what the Prometheus knows already, for one that was just started has no full bucket.
history() {
  rm -rf "$1/data"
  python3 scripts/console/history.py "127.0.0.1:$prometheus_port" >"$1/history"
  "${prometheus%/*}/promtool" tsdb create-blocks-from openmetrics "$1/history" "$1/data" >"$1/history.log" 2>&1 ||
    { logs+=("$1/history.log"); die "promtool"; }
}

# The types of metrics come with the first scrape, which is up to five seconds after the start.
has_metadata() { curl -sf --max-time 5 "http://127.0.0.1:$prometheus_port/api/v1/metadata" | grep -q prometheus_http_requests_total; }

step "a mirror and a Prometheus"
build_mirror
program=$(realpath "$mirror")
fetch_prometheus
start_prometheus "$scratch" "" history
await "$$" has_metadata || die "Prometheus knows no types"
console_token=$(random_key)
start_mirror "$scratch"
# A binary that was built without its page, or with another one, would prove nothing about this one.
curl -sf --max-time 5 "http://127.0.0.1:$admin_port/console/" >"$scratch/served" || die "no page"
diff <(grep -o 'assets/[^"]*' "$scratch/served") <(grep -o 'assets/[^"]*' console/dist/index.html) ||
  die "the binary holds another page than the one that was built"

# The mock shows what only it can hold: all of it with --full, for the mirror has shown the rest.
step "a browser, before the mirror"
(
  cd console
  MIRROR_BIN=$program BASE_URL=http://127.0.0.1:$admin_port MIRROR_URL=http://127.0.0.1:$mirror_port TOKEN=$console_token \
    BACKEND_URL=http://127.0.0.1:$prometheus_port npm run --silent e2e
) || die "see above"
step "a browser, before the mock"
cd console
only=()
[[ ${FULL:-} == 1 ]] || only=(--test-name-pattern="mock only")
node --test --test-reporter=spec "${only[@]}" e2e/console.test.mjs
