#!/usr/bin/env bash
# Breaks the checks that security rests on, one at a time, and wants a test to fail each time.
#
#   scripts/mutants.sh [OPTION…]           all at once; options of cargo-mutants, as --file src/caller/gate.rs
#   scripts/mutants.sh --slow [OPTION…]    each in a build of its own, as cargo-mutants does it
#
# .cargo/mutants.toml says which code that is. One build holds all of them, and a number says which of
# them is run (scripts/mutants/switched.py): minutes for a file. What cannot be switched so is named
# at the end, to be tried with --slow, as is what no test noticed. MUTANTS_JOBS is how many are tried at
# the same time.
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
if [[ ${1:-} == --slow ]]; then
  shift
  # No debug information: it is most of what is built anew for each mutant.
  CARGO_PROFILE_TEST_DEBUG=0 CARGO_PROFILE_DEV_DEBUG=0 exec cargo mutants --no-shuffle "$@"
fi
mkdir -p target/mutants
cargo mutants --list --json "$@" >target/mutants/list.json
exec python3 -B scripts/mutants/switched.py --jobs "${MUTANTS_JOBS:-$(nproc)}" <target/mutants/list.json
