#!/usr/bin/env bash
# What release.sh has written for each architecture, as one folder with one list of checksums.
#
#   merge.sh OUT DIST…
set -euo pipefail

out=$1
shift
mkdir -p "$out"
for dist in "$@"; do
  # Nothing was lost or changed on the way.
  (cd "$dist" && sha256sum --check --quiet SHA256SUMS)
  for file in "$dist"/*; do
    name=${file##*/}
    [[ $name != SHA256SUMS ]] || continue
    if [[ -e $out/$name ]]; then
      cmp "$file" "$out/$name" || { echo "two architectures differ in $name" >&2; exit 1; }
    else
      cp -p "$file" "$out/"
    fi
  done
done
(cd "$out" && rm -f SHA256SUMS && sha256sum -- * >SHA256SUMS)
