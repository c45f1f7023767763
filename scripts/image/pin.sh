#!/usr/bin/env bash
# The bases of the Dockerfile by digest.
#
#   scripts/image/pin.sh          puts the digests of today in; needs docker and a network
#   scripts/image/pin.sh --check  fails, and names it, if one is not there
set -euo pipefail
cd "$(dirname "$0")/../.."

bases() { sed -nE 's/^ARG [A-Z]+_IMAGE=(.*)$/\1/p' Dockerfile; }

case ${1:-} in
  --check)
    if bases | grep -v '@sha256:[0-9a-f]\{64\}$'; then
      echo "not pinned by digest; run scripts/image/pin.sh" >&2
      exit 1
    fi
    ;;
  '')
    while IFS= read -r base; do
      name=${base%@*}
      digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$name")
      sed -i "s|_IMAGE=$base\$|_IMAGE=$name@$digest|" Dockerfile
    done < <(bases)
    bases
    ;;
  *) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
