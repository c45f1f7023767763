#!/usr/bin/env bash
# The systemd unit: it verifies, is exposed little, and the program speaks to its service manager
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh

# systemd counts in tenths: 20 is an exposure of 2.0.
exposure_at_most=20
unit=deploy/systemd/prometheus-mirror.service

have systemd-analyze || skip "no systemd-analyze here, which is in Debian's package systemd"
open_scratch unit
build_mirror

# As installed, in a root that holds just what the unit names.
root=$scratch/root
mkdir -p "$root"/usr/{bin,lib/systemd/system} "$root/etc/prometheus-mirror"
cp "$mirror" "$root/usr/bin/prometheus-mirror"
mkdir -p "$root/bin"
cp /bin/sh "$root/bin/sh"
cp "$unit" "$root/usr/lib/systemd/system/"
for target in sysinit basic multi-user shutdown network-online; do
  printf '[Unit]\nDescription=%s\n' "$target" >"$root/usr/lib/systemd/system/$target.target"
done
# What is said about other units is not about ours.
said=$(systemd-analyze verify --man=no --root="$root" prometheus-mirror.service 2>&1) ||
  die "systemd-analyze verify: $said"
[[ $said != *prometheus-mirror* ]] || die "systemd-analyze verify: $said"
say "systemd-analyze verify says nothing"

systemd-analyze security --offline=yes --threshold="$exposure_at_most" --no-pager \
  --root="$root" prometheus-mirror.service >"$scratch/security" 2>&1 ||
  die "too exposed: $(tail -n 1 "$scratch/security")"
say "$(tail -n 1 "$scratch/security")"

# A service manager of three lines: what it is told from start to stop.
python3 - "$scratch/notify" >"$scratch/told" <<'PYTHON' &
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
while True:
    print(manager.recv(64).decode(), flush=True)
PYTHON
manager=$!
await "$manager" test -S "$scratch/notify" || die "the service manager of the test did not start"
port=$(free_port 9900) admin=$(free_port 9901)
logs+=("$scratch/mirror.log")
env -i NOTIFY_SOCKET="$PWD/$scratch/notify" WATCHDOG_USEC=1000000 API_KEY=a-key-of-this-test \
  PORT="$port" ADMIN_PORT="$admin" "$mirror" serve >"$scratch/mirror.log" 2>&1 &
serving=$!
await "$serving" grep -q READY=1 "$scratch/told" || die "it never said that it is ready"
curl -sf -o /dev/null "http://127.0.0.1:$admin/-/ready" || die "it said READY=1 and was not"
is_alive() { (($(grep -c WATCHDOG=1 "$scratch/told") >= 3)); }
await "$serving" is_alive || die "it did not say that it lives"
kill -INT "$serving"
wait "$serving" || die "it did not stop with exit code 0"
await "$manager" grep -q STOPPING=1 "$scratch/told" || die "it did not say that it stops"
say "told: $(sort "$scratch/told" | uniq -c | tr -s ' \n' ' ')"
