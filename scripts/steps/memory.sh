#!/usr/bin/env bash
# Memory of the release binary: idle, and at the peak of a raw query of 11,000 points
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh

idle_kib_at_most=$((20 * 1024))
added_kib_at_most=$((5 * 1024))
points=11000

# kib FIELD: a field of the mirror's process status; VmHWM is the peak of VmRSS.
kib() { sed -nE "s/^$1:[[:space:]]*([0-9]+) kB/\1/p" "/proc/$mirror_pid/status"; }

# write_samples FIRST: one gauge every 15 seconds, as a block that Prometheus opens.
write_samples() {
  awk -v first="$1" -v points="$points" 'BEGIN {
    print "# TYPE memory_probe gauge"
    for (k = 0; k < points; k++) printf "memory_probe %.3f %d\n", k / 7, first + 15 * k
    print "# EOF"
  }' >"$scratch/samples"
  "${prometheus%/*}/promtool" tsdb create-blocks-from openmetrics --quiet \
    "$scratch/samples" "$scratch/data" >"$scratch/promtool.log" 2>&1
}

[[ -r /proc/self/status ]] || skip "no /proc: memory cannot be read"
open_scratch memory
# Debian's package carries the promtool that fits.
unset PROMETHEUS
fetch_prometheus
build_mirror

first=$(($(date +%s) - 15 * points - 3600))
logs+=("$scratch/promtool.log")
write_samples "$first" || die "promtool"
start_prometheus "$scratch"
start_mirror "$scratch"
sleep 1
idle=$(kib VmRSS)
say "idle: $idle KiB of at most $idle_kib_at_most"
((idle <= idle_kib_at_most)) || die "idle memory is over its limit"

echo 5 >"/proc/$mirror_pid/clear_refs"
curl -sS --max-time 30 -o "$scratch/answer" --data @- \
  "http://127.0.0.1:$mirror_port/api/metric" <<JSON
{"connectionDetails": {"url": "http://127.0.0.1:$prometheus_port"},
 "query": {"conditions": [{"key": "__gauge__", "value": {"value": "memory_probe"}}],
           "startTime": ${first}000, "endTime": $((first + 15 * points))000, "limit": 100000}}
JSON
received=$(grep -o '\],\[' "$scratch/answer" | wc -l)
((received + 1 == points)) || die "$((received + 1)) points instead of $points: $(head -c 300 "$scratch/answer")"
added=$(($(kib VmHWM) - idle))
say "a raw query of $points points added: $added KiB of at most $added_kib_at_most"
((added <= added_kib_at_most)) || die "a raw query took more memory than its limit"
