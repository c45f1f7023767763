#!/usr/bin/env bash
# Breaks the checks that security rests on, one at a time, and wants a test to fail each time.
#
#   scripts/mutants.sh [--only TEXT] [--jobs N] [--anew] [--quick] [--go-on]
#
# .cargo/mutants.toml says which code that is. One build holds all of them, and a number says which of
# them is run; what cannot be switched so gets a build of its own at the end (scripts/mutants/switched.py).
# A mutant that is missed was run under every unit test and every test of tests/it that comes through its
# function. What was caught is remembered until its file changes; --anew tries all again. --only takes
# those with this text in their name, as src/caller/gate.rs; --quick leaves out what needs a build of its
# own; --go-on takes up the last build after an end too soon.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/say.sh
source scripts/lib/debian.sh

need_cargo
need_debian python3=python3
version=27.1.0
tools=target/cargo-tools
[[ $("$tools/bin/cargo-mutants" mutants --version 2>/dev/null) == "cargo-mutants $version" ]] ||
  cargo install cargo-mutants --version "$version" --locked --root "$tools"
export PATH=$PWD/$tools/bin:$PATH
mkdir -p target/mutants
cargo mutants --list --json >target/mutants/list.json
exec python3 -B scripts/mutants/switched.py "$@" <target/mutants/list.json
