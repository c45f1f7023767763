#!/usr/bin/env bash
# Slow callers by slowhttptest, and 64 hostile backends at once in 64 MiB of memory
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh

connections=200
# What a head and a body may take (security.md, "Limits on input"), and how late a close may be.
head_s=5 body_s=10 late_s=1
# Normal calls: of 1000 so many must be answered as ever.
good_of_1000=999

# slow NAME OPTION…: a run of slowhttptest, which ends when all of its connections are closed.
slow() {
  local name=$1
  shift
  slowhttptest "$@" -c "$connections" -r "$connections" -i 1 -x 8 -l 30 -p 3 -g \
    -o "$scratch/$name" -u "http://127.0.0.1:$mirror_port/api/metric" >"$scratch/$name.log" 2>&1
}

# all_closed NAME SECONDS: each connection was closed by its timer. The statistics have a line a
# second: seconds, closed, pending, connected, service available. So however many there had been a
# timer, its second and the second that a line stands for before, so many are closed; and with the
# last of them the run ends.
all_closed() {
  local bound=$(($2 + late_s + 1)) opened ended
  logs+=("$scratch/$1.log")
  grep -q 'No open connections left' "$scratch/$1.log" || die "$1: some were never closed"
  ended=$(sed -n 's/^ *Test ended on \([0-9]*\)[a-z]* second.*/\1/p' "$scratch/$1.log")
  opened=$(awk -F, -v most="$connections" '$2 + $4 == most { print $1; exit }' "$scratch/$1.csv")
  [[ -n $opened && -n $ended ]] || die "$1: fewer than $connections connections were made"
  say "$1: $connections open after $opened s, the last closed after $ended s; at most $((opened + bound))"
  ((ended <= opened + bound)) || die "$1 were closed too late"
  awk -F, -v bound="$bound" 'NR > 1 { were[$1] = $2 + $4; if ($2 < were[$1 - bound]) exit 1 }' \
    "$scratch/$1.csv" || die "some $1 were closed too late"
}

# normal: calls, 50 a second, until the file `over` is there; status and key of each.
normal() {
  while [[ ! -e $scratch/over ]]; do
    curl -s --max-time 30 --rate 50/s -o /dev/null --data '{}' \
      -w '%{http_code} %header{x-mirror-api-key}\n' \
      "http://127.0.0.1:$mirror_port/api/connection?[1-100]" || true
  done
}

need_debian slowhttptest=slowhttptest
open_scratch hostile
build_mirror
start_mirror "$scratch"

normal >"$scratch/normal" &
normal_pid=$!
slow heads -H & heads=$!
slow bodies -B -s 4096 & bodies=$!
wait "$heads" || true
wait "$bodies" || true
touch "$scratch/over"
wait "$normal_pid"
all_closed heads "$head_s"
all_closed bodies "$body_s"
asked=$(wc -l <"$scratch/normal")
good=$(grep -cFx "200 $key" "$scratch/normal" || true)
say "normal calls meanwhile: $good of $asked answered with the key"
((asked >= 200)) || die "too few normal calls to tell anything"
((good * 1000 >= asked * good_of_1000)) || die "normal calls were not answered"
kill -0 "$mirror_pid" || die "the mirror is gone"

# The group is made by the test; here is only told which of its tests says something.
group=/sys/fs/cgroup/memory/mirror-probe-$$
[[ -d /sys/fs/cgroup/memory ]] || group=/sys/fs/cgroup/mirror-probe-$$
if mkdir "$group" 2>/dev/null && [[ -e $group/memory.max || -e $group/memory.limit_in_bytes ]]; then
  say "backends: in a control group of 64 MiB, and by the peak of resident memory"
else
  say "backends: by the peak of resident memory alone, since no memory control group can be made"
fi
[[ ! -d $group ]] || rmdir "$group"
cargo test --locked --quiet --test it -- hostile::sixty_four hostile::pressure
