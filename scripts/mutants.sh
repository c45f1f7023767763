#!/usr/bin/env bash
# Breaks the checks that security rests on, one at a time, and wants a test to fail each time.
#
#   scripts/mutants.sh [OPTION…]    options of cargo-mutants, as --file src/egress/address.rs
#
# .cargo/mutants.toml says which code that is. Every mutant is built and tested, so all of them take
# hours, and `--file` is the way to work. What was missed is listed at the end and in mutants.out/.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/say.sh
source scripts/lib/debian.sh

need_cargo
version=27.1.0
tools=target/cargo-tools
[[ $("$tools/bin/cargo-mutants" mutants --version 2>/dev/null) == "cargo-mutants $version" ]] ||
  cargo install cargo-mutants --version "$version" --locked --root "$tools"
export PATH=$PWD/$tools/bin:$PATH
# No debug information: it is most of what is built anew for each mutant.
CARGO_PROFILE_TEST_DEBUG=0 CARGO_PROFILE_DEV_DEBUG=0 exec cargo mutants --no-shuffle "$@"
