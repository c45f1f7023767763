#!/usr/bin/env bash
# From a checkout to StackState-shaped answers of a real Prometheus.
#
#   ./quickstart.sh           builds, starts a Prometheus and the mirror on loopback, asks one
#                             query of each kind, prints StackState's form, runs until Ctrl-C
#   ./quickstart.sh --check   the same without waiting; exits 0 when every answer is right
#
# PROMETHEUS=/path/to/prometheus uses that one instead of Debian's package, MIRROR=/path/to/binary one
# that is built already. Without Node 20 the mirror has no console.
set -euo pipefail
cd "$(dirname "$0")"

source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/console.sh
source scripts/lib/mirror.sh
source scripts/quickstart/ask.sh
source scripts/quickstart/requests.sh

usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# print_form: what StackState asks for when a data source is added.
print_form() {
  step "StackState: add a Mirror data source with"
  connection_details | env -i API_KEY="$key" "$mirror" onboard --connection - --show-secrets \
    --mirror-url "http://127.0.0.1:$mirror_port" >"$scratch/form" 2>"$scratch/form.log" ||
    { logs+=("$scratch/form.log"); die "onboard: $(<"$scratch/form")"; }
  sed 's/^./    &/' "$scratch/form"
  cat <<FORM

    StackState runs on another machine? Then the mirror must listen beyond loopback:
      API_KEY=<a key of your own> CALLER_TOKEN=<a token of your own> MIRROR_LISTEN=0.0.0.0 $mirror serve
    DataSourceUrl names this machine, and the Connection Details get "token": "<that token>".
    Let a firewall admit nobody but your monitoring to port 9901.
    The url in the Connection Details is what the mirror dials, not StackState.
FORM
}

# show_console: its address, with the token that the page keeps to itself; opened where somebody looks.
show_console() {
  step "Console"
  local url=http://127.0.0.1:$admin_port/console/
  curl -sSL --max-time 5 -o "$scratch/page" "$url" || die "no answer from $url"
  if ! grep -q '<script' "$scratch/page"; then
    say "it is not in this binary: it is built with Node 20 or newer"
    return
  fi
  url+="#token=$console_token"
  say "$url"
  if ! $check && [[ -t 1 && -n ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]] && have xdg-open; then
    xdg-open "$url" >/dev/null 2>&1 || true
  fi
}

# hear_interrupts: bash loses a Ctrl-C that meets a program between its start and its first line, and takes
# it for the program's own. One of ours that does nothing else hears every one, and passes it on until it is
# ended itself.
hear_interrupts() {
  trap 'interrupted 130' INT USR1
  trap 'at_end $?' EXIT
  mkfifo "$scratch/never"
  (
    trap ': >"$scratch/heard"' INT
    while :; do
      read -rt 0.2 <>"$scratch/never" || true
      if [[ -e $scratch/heard ]]; then kill -USR1 $$; fi
    done
  ) &
}

# at_end STATUS: that a program has ended may be noticed before the Ctrl-C that ended it. So a failure waits
# for the listener to say whether there was one.
# shellcheck disable=SC2329  # by the trap
at_end() {
  local status=$1
  trap '' INT TERM USR1
  if ((status == 1)); then
    # It looks five times a second, if it gets a processor.
    local patience=20
    while ((patience-- > 0)) && [[ ! -e $scratch/heard ]]; do sleep 0.1; done
    [[ ! -e $scratch/heard ]] || status=130
  fi
  close_scratch "$status"
}

# interrupted STATUS: heard twice it is one.
# shellcheck disable=SC2329  # by the traps
interrupted() {
  trap '' INT TERM USR1
  exit "$1"
}

check=false
case ${1:-} in
  '') ;;
  --check) check=true ;;
  -h | --help) usage && exit ;;
  *) usage >&2 && exit 2 ;;
esac

step "Programs"
need_cargo
need_debian cc=gcc curl=curl /usr/include/stdio.h=libc6-dev
open_scratch quickstart
hear_interrupts
fetch_prometheus

step "Build"
if [[ -n ${MIRROR:-} ]]; then
  say "nothing is built"
elif ! has_node; then
  say "no Node 20 here: the mirror is built without its console"
elif ! build_console; then
  say "the console cannot be built: the mirror is built without it"
fi
build_mirror
say "$mirror"

step "Start"
console_token=$(random_key)
start_mirror "$scratch"
start_prometheus "$scratch" "$admin_port"
say "mirror on 127.0.0.1:$mirror_port, admin on $admin_port, Prometheus on $prometheus_port"

step "Wait for three full buckets of $((bucket_millis / 1000)) s"
wait_for_buckets

ask_everything
print_form
show_console

if $check; then
  step "Every answer was right"
  exit 0
fi
step "Running; Ctrl-C ends both and removes their data"
trap 'interrupted 0' INT USR1
wait -n || true
# At Ctrl-C they end as well, and this may be told first.
sleep 1
die "one of the two programs ended"
