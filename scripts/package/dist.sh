#!/usr/bin/env bash
# Everything that is published, but for the list of checksums. Of two architectures only the chart has
# one name, and is the same.
#
#   dist.sh BINARY VERSION HOST OUT    HOST is the binary's, as rustc names it. Equal inputs and
#                                      SOURCE_DATE_EPOCH give equal bytes
set -euo pipefail
cd "$(dirname "$0")/../.."

source scripts/lib/say.sh

binary=$1 version=$2 host=$3 out=$4
name=prometheus-mirror-$version-$host
chart=charts/prometheus-mirror
licenses=target/third-party-licenses.txt

# pack DIR NAME [TAR OPTIONS…]: the folder NAME in DIR, of nobody's and of the commit's time.
pack() {
  local dir=$1 name=$2
  shift 2
  tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" \
    "$@" -C "$dir" -c "$name" | gzip -n9
}

open_scratch dist
tree=$scratch/$name
mkdir -p "$out" "$tree"
python3 scripts/package/licenses.py "$licenses"
scripts/package/pages.sh "$binary" target/package
cp -r target/package/man target/package/completions "$tree/"
cp "$binary" "$tree/prometheus-mirror"
cp deploy/systemd/*.service deploy/debian/config.yaml deploy/debian/default "$tree/"
# The licences too.
python3 -B scripts/package/documents.py "$tree"
pack "$scratch" "$name" >"$out/$name.tar.gz"
case $host in x86_64-*) machine=amd64 ;; aarch64-*) machine=arm64 ;; *) machine=${host%%-*} ;; esac
ARCHITECTURE=$machine python3 -B scripts/package/deb.py "$binary" "$version" "$out/prometheus-mirror_$version-1_$machine.deb"
if [[ -e $chart/Chart.yaml ]]; then
  # As `helm package` lays it out, but with the commit's time.
  pack charts prometheus-mirror --anchored --exclude-from=<(sed 's|^|prometheus-mirror/|; s|/$||' "$chart/.helmignore") \
    >"$out/prometheus-mirror-chart-$(sed -nE '0,/^version: /s/^version: "?([^"]*)"?$/\1/p' "$chart/Chart.yaml").tgz"
fi
# The digest of the binary is in the one, and crates of one platform alone in both.
python3 scripts/package/sbom.py "$version" "$binary" "$out/$name.cdx.json"
cp "$licenses" "$out/$name.third-party-licenses.txt"
