#!/usr/bin/env bash
# The Debian package and the RPM in a clean Debian root: install, start, query, upgrade, purge
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh
source scripts/quickstart/requests.sh
source scripts/package/rpm_in_root.sh

etc=etc/prometheus-mirror
# Mode, owner and path of what a package must hold; documents, examples and the man pages of commands
# beside these.
contents='-rw-r--r-- root/root ./etc/default/prometheus-mirror
-rw-r--r-- root/root ./etc/prometheus-mirror/config.yaml
-rw-r--r-- root/root ./usr/lib/systemd/system/prometheus-mirror.service
-rw-r--r-- root/root ./usr/share/bash-completion/completions/prometheus-mirror
-rw-r--r-- root/root ./usr/share/doc/prometheus-mirror/LICENSE
-rw-r--r-- root/root ./usr/share/doc/prometheus-mirror/copyright
-rw-r--r-- root/root ./usr/share/doc/prometheus-mirror/third-party-licenses.txt
-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/prometheus-mirror.fish
-rw-r--r-- root/root ./usr/share/man/man1/prometheus-mirror.1.gz
-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_prometheus-mirror
-rwxr-xr-x root/root ./usr/bin/prometheus-mirror'

# inside COMMAND…: in the root, without what this shell has in its environment.
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }

# install DEB: as an administrator would who has been given a file.
install_deb() {
  cp "$1" "$root/tmp/it.deb"
  # A configuration that was changed stays, as dpkg proposes.
  inside dpkg --force-confold --install /tmp/it.deb >"$scratch/dpkg.log" 2>&1 || {
    logs+=("$scratch/dpkg.log")
    die "dpkg --install ${1##*/}"
  }
}

# tells_of_key LOG: the installation made a key that is good, and tells of its file and nothing of the key.
tells_of_key() {
  [[ $(stat -c '%a %U:%G' "$root/$etc/api-key") == '600 root:root' ]] || die "the key's file: $(stat "$root/$etc/api-key")"
  [[ $(wc -c <"$root/$etc/api-key") == 43 ]] || die "the key is not 32 bytes in base64url"
  grep -q "/$etc/api-key" "$1" || die "the installation does not tell where the key is"
  if grep -qF -f "$root/$etc/api-key" "$1"; then die "the installation shows the key"; fi
}

# is_wanted: whether the unit starts with the system, as the files say it.
is_wanted() { [[ -L $root/etc/systemd/system/multi-user.target.wants/prometheus-mirror.service ]]; }

# has_points: whether a gauge has points in the buckets that were full a moment ago.
has_points() {
  metric_query "$(condition __gauge__ go_goroutines),$(condition job prometheus)" MEAN >"$scratch/question"
  curl -sS --max-time 20 -o "$scratch/answer" --data "@$scratch/question" "http://127.0.0.1:$port/api/metric"
  grep -q '"points":\[\[' "$scratch/answer"
}

# serve_and_ask: as the unit would start it, but for the user, whom systemd makes; then what
# StackState asks: the connection, and a metric.
serve_and_ask() {
  # Where systemd puts the credential: a copy that this user alone reads.
  rm -rf "$root/run/credentials"
  mkdir -p "$root/run/credentials"
  cp "$root/$etc/api-key" "$root/run/credentials/api-key"
  chown -R 65532:65532 "$root/run/credentials"
  chmod 0400 "$root/run/credentials/api-key"
  port=$(free_port 9900) admin=$(free_port 9901)
  env -i PATH="$PATH" CREDENTIALS_DIRECTORY=/run/credentials PORT="$port" ADMIN_PORT="$admin" \
    chroot --userspec=65532:65532 "$root" \
    /usr/bin/prometheus-mirror serve --config /etc/prometheus-mirror/config.yaml \
    >"$scratch/mirror.log" 2>&1 &
  logs=("$scratch/mirror.log")
  local serving=$!
  await "$serving" curl -sf "http://127.0.0.1:$admin/-/ready" || die "the installed mirror does not start"
  curl -sS --max-time 20 -D "$scratch/head" --data \
    "{\"connectionDetails\": {\"url\": \"http://127.0.0.1:$prometheus_port\"}}" \
    "http://127.0.0.1:$port/api/connection" >"$scratch/answer"
  grep -q '"status":"OK"' "$scratch/answer" || die "connection test: $(<"$scratch/answer")"
  # The pipe keeps the key out of any command line.
  tr -d '\r' <"$scratch/head" | sed -n 's/^x-mirror-api-key: //Ip' | cmp -s - <(cat "$root/$etc/api-key"; echo) ||
    die "the answer does not carry the key that the installation made"
  await "$serving" has_points || die "a gauge has no points: $(<"$scratch/answer")"
  kill -INT "$serving"
  wait "$serving" || die "the installed mirror did not stop with exit code 0"
}

# as_proposed: what config.yaml proposes for a StackState on another machine, tried as it says; and the form.
as_proposed() {
  sed 's|^listen: .*|listen: 0.0.0.0\nallowed_callers: [10.42.0.0/16]|' "$root/$etc/config.yaml" >"$root/tmp/proposed.yaml"
  inside prometheus-mirror check-config /tmp/proposed.yaml >"$scratch/said" 2>&1 || die "what config.yaml proposes: $(<"$scratch/said")"
  # Predecessors had their key in the environment, which goes before the file.
  inside env API_KEY=unsecure prometheus-mirror check-config /tmp/proposed.yaml >"$scratch/said" 2>&1 && die "a known key is accepted"
  grep -q 'PM-5005.*API_KEY' "$scratch/said" || die "of a known key it says: $(<"$scratch/said")"
  echo '{"url": "http://127.0.0.1:1"}' >"$root/tmp/details.json"
  inside prometheus-mirror onboard --config /tmp/proposed.yaml --connection /tmp/details.json --show-secrets >"$scratch/form" 2>&1 || true
  sed -n 's/^API Key  *//p' "$scratch/form" | cmp -s - <(cat "$root/$etc/api-key"; echo) || die "onboard shows another key than the installation made"
}

# booted COMMAND…: in the root that was booted.
booted() {
  nsenter --target "$first" --mount --pid --ipc --uts \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

is_running() { booted systemctl is-active --quiet "${1:-prometheus-mirror}"; }

is_enabled() { booted systemctl is-enabled --quiet prometheus-mirror 2>/dev/null; }

# is_off: it does not run, and would not after another boot.
is_off() { ! is_enabled && ! is_running; }

# by_dpkg ACTION PACKAGE: in the root that was booted.
by_dpkg() { booted dpkg --force-confold "$@" >"$scratch/dpkg.log" 2>&1 || die "dpkg $*: $(<"$scratch/dpkg.log")"; }

# boot: sets `first` to the process 1 of the root.
boot() {
  logs=("$scratch/boot.log")
  scripts/package/boot.sh "$root" >"$scratch/boot.log" 2>&1 &
  local booting=$!
  first=''
  has_booted() {
    # Whom `unshare` started, which boot.sh did.
    first=$(pgrep -P "$(pgrep -P "$booting" -x unshare)") && is_running basic.target
  }
  await "$booting" has_booted
}

# ask_unit: what StackState asks, of the mirror that the unit runs.
ask_unit() {
  await "$first" curl -sf "http://127.0.0.1:$admin/-/ready" || die "the unit does not get ready: $(booted systemctl status prometheus-mirror 2>&1)"
  is_running || die "the unit does not run"
  await "$first" has_points || die "a gauge has no points: $(<"$scratch/answer")"
  # Systemd's dynamic users.
  local pid
  pid=$(booted systemctl show --property MainPID --value prometheus-mirror)
  [[ $(booted sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$pid/status") -ge 61184 ]] || die "the unit has no user of its own"
}

# under_systemd: the unit itself, from the installation to the purge.
under_systemd() {
  root=$scratch/booted
  cp -a "$base" "$root"
  port=$(free_port 9900) admin=$(free_port 9901)
  # As an administrator would whose ports are taken; dpkg keeps it.
  mkdir -p "$root/etc/default"
  printf 'PORT=%s\nADMIN_PORT=%s\n' "$port" "$admin" >"$root/etc/default/prometheus-mirror"
  boot || skip "all but the unit under systemd passed: $(tail -n 1 "$scratch/boot.log")"
  cp "$deb" "$newer" "$root/tmp/"

  by_dpkg --install "/tmp/${deb##*/}"
  is_enabled || die "the installation does not enable the unit"
  ask_unit
  booted systemctl reload prometheus-mirror || die "the unit does not reload"
  booted systemctl stop prometheus-mirror
  ! is_running || die "the unit does not stop"
  [[ $(booted systemctl show --property Result --value prometheus-mirror) == success ]] || die "it did not stop well"
  booted systemctl start prometheus-mirror
  ask_unit
  local before after
  before=$(booted systemctl show --property MainPID --value prometheus-mirror)
  booted systemctl kill --signal=KILL prometheus-mirror
  is_back() {
    after=$(booted systemctl show --property MainPID --value prometheus-mirror)
    [[ $after != 0 && $after != "$before" ]] && is_running
  }
  await "$first" is_back || die "killed, it does not come back"
  ask_unit
  say "under systemd: installed, asked, reloaded, stopped, started, killed, and back"

  before=$after
  by_dpkg --install "/tmp/${newer##*/}"
  await "$first" is_back || die "the upgrade does not restart the unit"
  ask_unit
  by_dpkg --remove prometheus-mirror
  ! is_running || die "removed, and it runs"
  by_dpkg --install "/tmp/${newer##*/}"
  is_enabled || die "installed after a removal, the unit is not enabled"
  ask_unit
  say "under systemd: upgraded and asked, removed, installed and asked"

  booted systemctl disable --quiet --now prometheus-mirror
  by_dpkg --install "/tmp/${deb##*/}"
  is_off || die "what an administrator has disabled is on again after an upgrade"
  by_dpkg --remove prometheus-mirror
  by_dpkg --install "/tmp/${deb##*/}"
  is_off || die "what an administrator has disabled is on again after a removal"
  booted systemctl enable --quiet prometheus-mirror
  by_dpkg --remove prometheus-mirror
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  by_dpkg --install "/tmp/${deb##*/}"
  is_enabled || die "what policy-rc.d forbids to start is not enabled"
  ! is_running || die "what policy-rc.d forbids was started"
  rm "$root/usr/sbin/policy-rc.d"
  say "under systemd: disabled it stays disabled, and policy-rc.d is asked"

  by_dpkg --purge prometheus-mirror
  if is_running || is_wanted; then die "purged, and it runs or is enabled"; fi
  [[ ! -e $root/$etc ]] || die "purged, and $etc is there"
  say "under systemd: purged and gone"
  rpm_under_systemd
}

((EUID == 0)) || skip "a Debian root needs root to be made"
need_debian debootstrap=debootstrap dpkg-deb=dpkg python3=python3 pgrep=procps
open_scratch package
fetch_prometheus
build_mirror
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
python3 scripts/package/licenses.py target/third-party-licenses.txt
scripts/package/pages.sh "$mirror" target/package
export SOURCE_DATE_EPOCH=1700000000
deb=$scratch/mirror_$version.deb newer=$scratch/mirror_newer.deb
python3 -B scripts/package/deb.py "$mirror" "$version" "$deb"
python3 -B scripts/package/deb.py "$mirror" "$version" "$scratch/again.deb"
cmp "$deb" "$scratch/again.deb" || die "two packages of one binary differ"
python3 -B scripts/package/deb.py "$mirror" "$version+newer" "$newer"
python3 -B scripts/package/deb.py "$mirror" "$version-rc.1" "$scratch/candidate.deb"
[[ $(dpkg-deb --field "$scratch/candidate.deb" Version) == "$version~rc.1-1" ]] ||
  die "a release candidate is newer than the release: $(dpkg-deb --field "$scratch/candidate.deb" Version)"
rm "$scratch/candidate.deb"

held=$(dpkg-deb --contents "$deb" | awk '$1 !~ /^d/ { print $1, $2, $6 }' |
  grep -v 'doc/prometheus-mirror/.*\(md\|json\|yaml\|gz\)$\|man1/prometheus-mirror-.*gz$' | LC_ALL=C sort)
[[ $held == "$(LC_ALL=C sort <<<"$contents")" ]] || die "it holds: $held"
[[ $(dpkg-deb --info "$deb" conffiles | tr '\n' ' ') == "/$etc/config.yaml /etc/default/prometheus-mirror " ]] ||
  die "conffiles: $(dpkg-deb --info "$deb" conffiles)"
say "$(dpkg-deb --info "$deb" | sed -n 's/^ *\(new Debian package.*\|size .*bytes\).*/\1/p' | head -n 1): contents, modes and conffiles are as listed"

# Of two architectures each file has a name of its own, or is the same. No list may be lost in the merging.
for host in x86_64 aarch64; do
  cp "$mirror" "$scratch/binary"
  # So that what holds a digest of the binary differs.
  printf '%s' "$host" >>"$scratch/binary"
  scripts/package/dist.sh "$scratch/binary" "$version" "$host-unknown-linux-gnu" "$scratch/dist-of-$host" >"$scratch/dist.log" ||
    { logs+=("$scratch/dist.log"); die "dist.sh for $host"; }
  (cd "$scratch/dist-of-$host" && sha256sum -- * >SHA256SUMS)
done
# What operations.md says to install lies in the tarball, and its configuration is good.
tar -xzf "$scratch/dist-of-x86_64/prometheus-mirror-$version-x86_64-unknown-linux-gnu.tar.gz" -C "$scratch"
(
  cd "$scratch/prometheus-mirror-$version-x86_64-unknown-linux-gnu"
  ls default prometheus-mirror.service man/prometheus-mirror.1 completions/bash docs/operations.md \
    monitoring/alerts.yaml deploy/examples/amazon.yaml LICENSE third-party-licenses.txt >/dev/null
  (umask 077 && mkdir credentials && random_key >credentials/api-key)
  CREDENTIALS_DIRECTORY=$PWD/credentials ./prometheus-mirror check-config config.yaml
) >"$scratch/said" 2>&1 || die "the tarball: $(<"$scratch/said")"
scripts/package/merge.sh "$scratch/dist" "$scratch"/dist-of-*
(cd "$scratch/dist" && sha256sum --check --quiet SHA256SUMS)
both=$(cd "$scratch" && printf '%s\n' dist-of-*/* | sed 's|.*/||' | sort | uniq -d | grep -v SHA256SUMS)
[[ $both == prometheus-mirror-chart-*.tgz && $(wc -l <"$scratch/dist/SHA256SUMS") == 9 ]] || die "two architectures share: $both"
say "two architectures give $(wc -l <"$scratch/dist/SHA256SUMS") files, of which both have the chart"
rm -r "$scratch"/dist* "$scratch/binary"

# Kept between runs; each works on a copy. RPM is Debian's too.
base=target/debian-root
if [[ ! -e $base/usr/bin/rpm ]]; then
  rm -rf "$base" "$base.new"
  debootstrap --variant=minbase --include=systemd,dbus,rpm bookworm "$base.new" \
    "$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p;s/^deb \(\[.*\] \)\?\(http[^ ]*\) bookworm .*/\2/p' \
      /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)" \
    >"$scratch/debootstrap.log" 2>&1 || { logs+=("$scratch/debootstrap.log"); skip "debootstrap found no Debian to fetch"; }
  mv "$base.new" "$base"
fi
root=$scratch/root
cp -a "$base" "$root"
start_prometheus "$scratch"

install_deb "$deb"
tells_of_key "$scratch/dpkg.log"
inside prometheus-mirror check-config "/$etc/config.yaml" >/dev/null || die "its configuration is not good"
inside bash -euc 'source /usr/share/bash-completion/completions/prometheus-mirror
  complete -p prometheus-mirror' >/dev/null || die "bash does not take the completions"
# A page for each command that the help names, and each is one.
for command in '' $("$mirror" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/-\1/p' | grep -vx -- -help); do
  gzip -dc "$root/usr/share/man/man1/prometheus-mirror$command.1.gz" | grep -q '^\.TH prometheus-mirror' ||
    die "prometheus-mirror$command has no man page"
done
# As where an image is made: nothing runs there, and the unit starts with the image.
is_wanted || die "installed where systemd does not run, the unit is not enabled"
as_proposed
serve_and_ask
say "installed, started as the unit would, and asked"

cp "$root/$etc/api-key" "$scratch/key"
echo 'log: { format: text }' >>"$root/$etc/config.yaml"
install_deb "$newer"
cmp -s "$scratch/key" "$root/$etc/api-key" || die "the upgrade changed the key"
grep -q 'format: text' "$root/$etc/config.yaml" || die "the upgrade changed the configuration"
serve_and_ask
say "upgraded: key and configuration are kept"

inside dpkg --remove prometheus-mirror >>"$scratch/dpkg.log" 2>&1 || die "dpkg --remove"
[[ -e $root/$etc/api-key && -e $root/$etc/config.yaml ]] || die "removal takes key or configuration away"
inside dpkg --purge prometheus-mirror >>"$scratch/dpkg.log" 2>&1 || die "dpkg --purge"
left=$(find "$root" -xdev -name '*prometheus-mirror*' -not -path '*/var/lib/dpkg/*-old' -not -path '*/var/log/*')
[[ -z $left ]] || die "purged, and still there: $left"
say "purged: nothing of it is left"
try_rpm

under_systemd
