#!/usr/bin/env bash
# What a package holds beside the binary and is made of it: man pages and completions, below OUT/man and
# OUT/completions.
#
#   scripts/package/pages.sh BINARY OUT
set -euo pipefail

binary=$1 out=$2
rm -rf "$out/man" "$out/completions"
mkdir -p "$out/man" "$out/completions"
# An empty environment: what is set where a package is made is no default of the program's.
env -i "$binary" man --dir "$out/man"
for shell in bash zsh fish; do
  env -i "$binary" completions "$shell" >"$out/completions/$shell"
done
