#!/usr/bin/env bash
# The RPM that `[package.metadata.generate-rpm]` of Cargo.toml describes, by cargo-generate-rpm.
#
#   rpm.sh BINARY VERSION OUT    OUT is the .rpm; equal inputs and SOURCE_DATE_EPOCH give equal bytes
set -euo pipefail
cd "$(dirname "$0")/../.."

binary=$1 version=$2 out=$3
tools=target/cargo-tools
[[ $("$tools/bin/cargo-generate-rpm" --version 2>/dev/null) == "cargo-generate-rpm 0.21.1" ]] ||
  cargo install cargo-generate-rpm --version 0.21.1 --locked --root "$tools"
mkdir -p target/scratch
scratch=$(mktemp -d target/scratch/rpm.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
# What the manifest calls target/release is looked for there, wherever the binary was built.
mkdir "$scratch/release"
cp "$binary" "$scratch/release/prometheus-mirror"
"$tools/bin/cargo-generate-rpm" --target-dir "$scratch" --output "$out" \
  --set-metadata "version = \"$(python3 scripts/package/versions.py "$version")\""
