#!/usr/bin/env bash
# ./quickstart.sh --check; what it does when something is wrong, when ports are taken, and at Ctrl-C
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh

./quickstart.sh --check

need_debian python3=python3 pgrep=procps
open_scratch quickstart-step
build_mirror
# Nothing is built any more.
MIRROR=$(realpath "$mirror")
export MIRROR
fetch_prometheus
real=$(realpath "$prometheus")

# fails_at STEP LOG: a run failed there, and said so.
fails_at() {
  local id=$1
  shift
  logs=("$2")
  if wait "$id"; then die "a run passes that should fail at step \"$1\""; fi
  grep -qF "failed at step \"$1\"" "$2" || die "a run does not say that it failed at step \"$1\""
  say "fails at step \"$1\""
}

# ports_of LOG: the three that a run took.
ports_of() {
  sed -nE 's/.*mirror on 127\.0\.0\.1:([0-9]+), admin on ([0-9]+), Prometheus on ([0-9]+).*/\1 \2 \3/p' "$1"
}

step "Taken ports, two at once, and a wrong answer"
# Whoever has one of them already does as well.
python3 - >"$scratch/taken" <<'PYTHON' &
import signal, socket
kept = []
for port in (9900, 9901, 19090):
    try:
        kept.append(socket.create_server(("127.0.0.1", port)))
    except OSError:
        pass
print("ready", flush=True)
signal.pause()
PYTHON
listeners=$!
await "$listeners" grep -q ready "$scratch/taken" || die "no ports can be taken"
# A Prometheus that drops the histogram, so that one answer has no points.
cat >"$scratch/prometheus" <<SCRIPT
#!/usr/bin/env bash
for option in "\$@"; do
  [[ \$option != --config.file=* ]] || sed -i 's/^    static_configs: .*/&\\n    metric_relabel_configs: [{source_labels: [__name__], regex: prometheus_http_request_duration_seconds.*, action: drop}]/' "\${option#*=}"
done
exec "$real" "\$@"
SCRIPT
chmod +x "$scratch/prometheus"
PROMETHEUS=$scratch/prometheus ./quickstart.sh --check >"$scratch/wrong.log" 2>&1 &
wrong=$!
PROMETHEUS=/bin/false ./quickstart.sh --check >"$scratch/none.log" 2>&1 &
none=$!
./quickstart.sh --check >"$scratch/one.log" 2>&1 &
one=$!
./quickstart.sh --check >"$scratch/other.log" 2>&1 &
other=$!
fails_at "$none" "Start" "$scratch/none.log"
grep -q "Prometheus did not start" "$scratch/none.log" || die "a run does not say that Prometheus did not start"
for run in "$one one" "$other other"; do
  logs=("$scratch/${run#* }.log")
  wait "${run% *}" || die "of two runs at once, one fails"
  read -ra ports < <(ports_of "${logs[0]}")
  for said in "9900 is taken: the mirror listens on ${ports[0]}" "9901 is taken: the admin listener is on ${ports[1]}" \
    "19090 is taken: Prometheus listens on ${ports[2]}"; do
    grep -qx "    port $said" "${logs[0]}" || die "it does not say: port $said"
  done
done
logs=()
same=$(sort <(ports_of "$scratch/one.log" | tr ' ' '\n') <(ports_of "$scratch/other.log" | tr ' ' '\n') | uniq -d)
[[ -z $same ]] || die "two runs at once share the port $same"
kill -0 "$listeners" || die "a run ended what has taken its ports"
say "two runs at once pass on ports of their own: $(ports_of "$scratch/one.log"), $(ports_of "$scratch/other.log")"
fails_at "$wrong" "Histogram: the 95th percentile of each bucket" "$scratch/wrong.log"
kill "$listeners"

# interrupt TEXT: a run is interrupted once it has said that, as a terminal does it: all its processes hear of it.
interrupt() {
  local log=$scratch/interrupted.log id status=0 ports port kept
  logs=("$log")
  set -m
  # Whoever started us in the background may have had Ctrl-C ignored, and bash traps nothing that was.
  env --default-signal=INT ./quickstart.sh >"$log" 2>&1 &
  set +m
  id=$!
  await "$id" grep -q "$1" "$log" || die "it does not come to \"$1\""
  read -ra ports < <(ports_of "$log") || true
  # Its folder, once a program has it.
  kept=$(pgrep -ag "$id" | sed -nE 's/.*--storage.tsdb.path=([^ ]+)\/data.*/\1/p' | head -n 1)
  kill -INT -- "-$id"
  wait "$id" || status=$?
  ((status == 130)) || die "interrupted at \"$1\", it ends with $status"
  if pgrep -ag "$id"; then die "interrupted at \"$1\", it leaves these processes"; fi
  for port in "${ports[@]}"; do
    ! is_taken "$port" || die "interrupted at \"$1\", it leaves port $port"
  done
  [[ -z $kept || ! -e $kept ]] || die "interrupted at \"$1\", it leaves $kept"
  say "at \"$1\": no process, port or folder is left"
}

step "Ctrl-C"
interrupt "==> Start"
interrupt "==> Wait for three full buckets"
