# A real Prometheus on loopback. Sourced after say.sh, debian.sh and ports.sh.
# shellcheck shell=bash

# fetch_prometheus: sets `prometheus` to the program. PROMETHEUS=/path wins. Otherwise it is
# Debian's package, unpacked under target/ and not installed: installing it would start a
# service behind the user's back.
fetch_prometheus() {
  local home=target/quickstart/prometheus
  prometheus=${PROMETHEUS:-$home/usr/bin/prometheus}
  if [[ -n ${PROMETHEUS:-} ]]; then
    [[ -x $prometheus ]] || die "PROMETHEUS=$prometheus is not a program"
  elif [[ ! -x $prometheus ]]; then
    unpack_prometheus "$home"
  fi
  say "$("$prometheus" --version 2>&1 | head -n 1)"
}

# unpack_prometheus HOME: beside it first, then moved, so that of two runs at once none
# sees half a tree.
unpack_prometheus() {
  if ! have apt-get || ! have dpkg; then
    warn "no Debian packages here: give a Prometheus as PROMETHEUS=/path/to/prometheus"
    exit 2
  fi
  local work=$scratch/fetch
  mkdir -p "$work" "${1%/*}"
  if ! (cd "$work" && apt-get download prometheus) >"$work/log" 2>&1; then
    as_root apt-get update -qq || warn "the package lists may be old: run apt-get update"
    (cd "$work" && apt-get download prometheus) >"$work/log" 2>&1 ||
      { logs+=("$work/log"); die "apt-get download prometheus"; }
  fi
  dpkg -x "$work"/prometheus_*.deb "$work/tree"
  mv -T "$work/tree" "$1" 2>/dev/null || [[ -x $1/usr/bin/prometheus ]] ||
    die "cannot unpack Prometheus"
}

# start_prometheus DIR [SCRAPED_PORT [HISTORY]]: starts it on `prometheus_port`, with its data and its
# query log in DIR, scraping itself and SCRAPED_PORT every second. HISTORY is called before, with DIR, and
# may leave samples in DIR/data.
start_prometheus() {
  local dir=$1 scraped=${2:-} history=${3:-} try
  logs+=("$dir/prometheus.log")
  for try in 0 1 2; do
    prometheus_port=$(free_port 19090 "$try")
    [[ -z $history ]] || "$history" "$dir"
    prometheus_config "$dir" "$scraped" >"$dir/prometheus.yml"
    "$prometheus" --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" \
      --web.listen-address="127.0.0.1:$prometheus_port" >"$dir/prometheus.log" 2>&1 &
    # Its own log and not /-/ready: on a port that we just lost to somebody else that
    # other one would answer.
    await "$!" grep -q "Server is ready to receive web requests" "$dir/prometheus.log" && break
    ((try < 2)) || die "Prometheus did not start"
  done
  ((prometheus_port == 19090)) || say "port 19090 is taken: Prometheus listens on $prometheus_port"
}

prometheus_config() {
  cat <<YAML
global:
  scrape_interval: 1s
  query_log_file: $PWD/$1/queries.log
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ["127.0.0.1:$prometheus_port"]}]
YAML
  [[ -z $2 ]] || cat <<YAML
  - job_name: mirror
    static_configs: [{targets: ["127.0.0.1:$2"]}]
YAML
}

# await PID COMMAND…: until the command succeeds; fails when the process ends before, or
# after 30 seconds.
await() {
  local pid=$1 patience=300
  shift
  while ((patience-- > 0)); do
    kill -0 "$pid" 2>/dev/null || return 1
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  return 1
}
