# Debian packages by name. Sourced after say.sh.
# shellcheck shell=bash

# as_root COMMAND…: runs it as root where that is possible without surprising anybody:
# we are root, or a person at a terminal can confirm sudo. Fails otherwise.
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif have sudo && [[ -t 0 && -t 1 ]]; then
    say "with sudo: $*"
    sudo "$@"
  else
    return 1
  fi
}

# need_debian PROGRAM=PACKAGE…: installs the packages of the programs that are absent, or
# lists them and exits 2.
need_debian() {
  local pair
  local -a missing=()
  for pair in "$@"; do
    # A package may bring no program of its own name; then the pair names a file.
    have "${pair%%=*}" || [[ -e ${pair%%=*} ]] || missing+=("${pair#*=}")
  done
  ((${#missing[@]})) || return 0
  say "missing Debian packages: ${missing[*]}"
  if ! have apt-get || ! { as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    as_root apt-get install -y -qq --no-install-recommends "${missing[@]}"; }; then
    warn "please install: ${missing[*]}"
    exit 2
  fi
}

# need_cargo: Rust cannot come from Debian, whose version is too old.
need_cargo() {
  have cargo && return
  warn "please install Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer (cargo)"
  exit 2
}
