# Python packages by name, in an environment inside the tree. Sourced after say.sh and
# debian.sh.
# shellcheck shell=bash

# python_env NAME REQUIREMENTS [PIP OPTIONS…]: makes target/NAME hold exactly the packages of
# that file, and sets `bin` to its programs. An unchanged list costs nothing.
python_env() {
  local home=target/$1 list=$2
  shift 2
  bin=$home/bin
  cmp -s "$list" "$home/requirements.txt" && return
  rm -rf "$home"
  python3 -m venv "$home" || return 1
  "$bin/pip" install --quiet --disable-pip-version-check --requirement "$list" "$@" || return 1
  cp "$list" "$home/requirements.txt"
}
