#!/usr/bin/env bash
# Makes what tests/connections asks besides Prometheus: Python packages in .venv, and nginx.
#
#   scripts/peers.sh
#
# nginx is Debian's package, unpacked under target/peers and not installed: installing it
# would start a service behind the user's back. A run with nothing to do costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

source scripts/lib/say.sh
source scripts/lib/debian.sh
open_scratch peers

# The peers are written for 3.11; a newer one does as well.
python() {
  local name
  for name in python3.11 python3; do
    if "$name" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$name"
      return
    fi
  done
  die "Python 3.11 or newer with its venv module is needed"
}

make_environment() {
  local list=tests/peers/requirements.txt
  cmp -s "$list" .venv/requirements.txt && return
  rm -rf .venv
  "$(python)" -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --requirement "$list" ||
    die "pip install"
  cp "$list" .venv/requirements.txt
}

unpack_nginx() {
  local home=target/peers/nginx work=$scratch/nginx
  have nginx || [[ -x $home/usr/sbin/nginx ]] && return
  need_debian apt-get=apt
  mkdir -p "$work" "${home%/*}"
  logs+=("$work/log")
  (cd "$work" && apt-get download nginx) >"$work/log" 2>&1 ||
    { as_root apt-get update -qq && (cd "$work" && apt-get download nginx) >>"$work/log" 2>&1; } ||
    die "apt-get download nginx"
  dpkg -x "$work"/nginx_*.deb "$work/tree"
  # Beside it first, then moved: of two runs at once none sees half a tree.
  mv -T "$work/tree" "$home" 2>/dev/null || [[ -x $home/usr/sbin/nginx ]] || die "cannot unpack nginx"
}

step "Python peers"
make_environment
say "$(.venv/bin/pip list --format=freeze 2>/dev/null | grep -E '^(moto|botocore)=' | paste -sd ' ')"
step "nginx, openssl, curl"
need_debian openssl=openssl curl=curl
unpack_nginx
nginx=$(command -v nginx || echo target/peers/nginx/usr/sbin/nginx)
say "$("$nginx" -v 2>&1); $(openssl version)" || die "$nginx does not run"
