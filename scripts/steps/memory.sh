#!/usr/bin/env bash
# Memory of the release binary: idle, at the peak of a raw query of 11,000 points, and of lists of
# 100,000 metric names
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh

idle_kib_at_most=$((20 * 1024))
added_kib_at_most=$((5 * 1024))
points=11000
lists_kib_at_most=$((60 * 1024))
# One less than the cap, at which a list counts as cut and is not kept.
names=99999

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

# write_names AT: as many metrics as a list may have, each with one sample.
write_names() {
  awk -v at="$1" -v names="$names" 'BEGIN {
    for (k = 0; k < names; k++)
      printf "# TYPE names_of_a_usual_length_%06d gauge\nnames_of_a_usual_length_%06d{job=\"names\"} 1 %d\n", k, k, at
    print "# EOF"
  }' >"$scratch/names"
  "${prometheus%/*}/promtool" tsdb create-blocks-from openmetrics --quiet \
    "$scratch/names" "$scratch/data" >>"$scratch/promtool.log" 2>&1
}

# look_up FIELD START: the second page of 100 of the metric names, and how long it took.
look_up() {
  curl -sS --max-time 30 -o "$scratch/page" -w '%{time_total}\n' --data @- \
    "http://127.0.0.1:$mirror_port/api/field/value" <<JSON
{"connectionDetails": {"url": "http://127.0.0.1:$prometheus_port"},
 "query": {"field": {"fieldName": "$1"}, "fieldValuePrefix": "names_", "offset": 100, "limit": 100,
           "conditions": [], "startTime": ${2}000, "endTime": $((first + 15 * points))000}}
JSON
}

# look_up_directly START: the same list from the backend, and how long it took.
look_up_directly() {
  curl -sS --max-time 30 -o "$scratch/list" -w '%{time_total}\n' -G \
    --data-urlencode 'match[]={__name__=~"(?s:names_.*)"}' -d "start=$1" \
    -d "end=$((first + 15 * points))" -d limit=100000 \
    "http://127.0.0.1:$prometheus_port/api/v1/label/__name__/values"
}

# expect_page: the values from the 101st to the 200th, and that more remain.
expect_page() {
  local shown
  shown=$(grep -o 'names_of_a_usual_length_[0-9]*' "$scratch/page" | tr '\n' ' ')
  { [[ $shown == "$(seq -f 'names_of_a_usual_length_%06.0f' 100 199 | tr '\n' ' ')" ]] &&
    grep -q '"isPartial":true' "$scratch/page"; } || die "not the page: $(head -c 300 "$scratch/page")"
}

median() { sort -g | sed -n '3p'; }

[[ -r /proc/self/status ]] || skip "no /proc: memory cannot be read"
open_scratch memory
# Debian's package carries the promtool that fits.
unset PROMETHEUS
fetch_prometheus
build_mirror

first=$(($(date +%s) - 15 * points - 3600))
logs+=("$scratch/promtool.log")
write_samples "$first" || die "promtool"
write_names "$((first + 15 * points - 60))" || die "promtool"
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

# Each start is another list, so that none of the five is answered from one that is kept.
mirrored=() direct=()
for k in 1 2 3 4 5; do
  # Whoever asks a backend first waits longer, so neither of the two that count is first.
  look_up_directly "$((first - 60 * k))" >/dev/null
  direct+=("$(look_up_directly "$((first - 60 * k))")")
  mirrored+=("$(look_up __name__ "$((first - 60 * k))")")
  expect_page
done
look_up __gauge__ "$first" >/dev/null
expect_page
peak=$(kib VmHWM)
say "lists of $names metric names: $peak KiB at the peak of at most $lists_kib_at_most"
((peak <= lists_kib_at_most)) || die "lists of metric names took more memory than their limit"
# Printed and not asserted: it depends on what else the machine does.
say "a page of 100 of them took $(paste <(printf '%s\n' "${mirrored[@]}" | median) \
  <(printf '%s\n' "${direct[@]}" | median) | awk '{ printf "%.2f", $1 / $2 }') times as long as the backend's list"
