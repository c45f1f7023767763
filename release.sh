#!/usr/bin/env bash
# Everything of a release that needs no credential.
#
#   ./release.sh VERSION            checks, builds twice, compares, and writes dist/
#   ./release.sh VERSION --untested the same without the tests, to try this script
#
# dist/ then holds: the static binary as a tarball with man pages and completions, the Debian package, the
# chart, a bill of materials (CycloneDX), third-party licences, SHA256SUMS. Uploading, images and signed
# provenance are .github/workflows/release.yml's, which calls this script once for each architecture.
set -euo pipefail
cd "$(dirname "$0")"

source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/mirror.sh

usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# field FILE KEY: of a line `key: value` or `key = "value"`, the first one.
field() { sed -nE "s/^$2 ?[:=] ?\"?([^\"]*)\"?\$/\1/p" "$1" | head -n 1; }

check_tree() {
  local changed
  changed=$(git status --porcelain)
  [[ -z $changed ]] || die "the tree is not clean: $(head -n 5 <<<"$changed")"
}

# check_versions: manifest, image, chart and the head of the changelog say one thing.
check_versions() {
  local said
  said=$(field Cargo.toml version)
  [[ $said == "$version" ]] || die "Cargo.toml says $said"
  grep -qx "ARG VERSION=$version" Dockerfile || die "the Dockerfile says another version"
  if [[ -e $chart/Chart.yaml ]]; then
    said=$(field "$chart/Chart.yaml" appVersion)
    [[ $said == "$version" ]] || die "Chart.yaml says appVersion $said"
  fi
  # Nothing stands under Unreleased any more, and the head below it is this version's.
  said=$(sed -nE 's/^## \[?([^] ]+)\]?.*/\1/p' CHANGELOG.md | sed '/^Unreleased$/d' | head -n 1)
  [[ $said == "$version" ]] || die "CHANGELOG.md has no section for $version: its head is ${said:-Unreleased}"
  if sed -n '/^## \[\?Unreleased/,/^## \[\?[0-9]/p' CHANGELOG.md | grep -q '^- '; then
    die "CHANGELOG.md: lines are left under Unreleased"
  fi
}

# check_console: built from its sources, where the program carries it.
check_console() {
  [[ -e console/package.json ]] || return 0
  have npm || die "the console cannot be built: no npm here"
  (cd console && npm ci --no-fund --no-audit --loglevel=error && npm run --silent build -- --logLevel=warn) ||
    die "the console cannot be built"
  [[ -s console/dist/index.html ]] || die "the console was built and is not there"
}

# build_in NAME: from the commit alone, in a directory of that name; sets `mirror`.
build_in() {
  local dir=$PWD/$scratch/$1 home=${CARGO_HOME:-$HOME/.cargo}
  mkdir -p "$dir"
  git archive HEAD | tar -x -C "$dir"
  if [[ -e console/package.json ]]; then
    (cd "$dir/console" && npm ci --no-fund --no-audit --loglevel=error && npm run --silent build -- --logLevel=warn) ||
      die "the console cannot be built in $1"
  fi
  # Neither where it was built nor who built it is in it, but of what.
  pushd "$dir" >/dev/null
  CARGO_TARGET_DIR=$dir/target CARGO_INCREMENTAL=0 MIRROR_REVISION=$revision \
    RUSTFLAGS="--remap-path-prefix=$dir=/src --remap-path-prefix=$home=/cargo" build_mirror
  popd >/dev/null
}

version=${1:-}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || { usage >&2; exit 2; }
tested=true
case ${2:-} in
  '') ;;
  --untested) tested=false ;;
  *) usage >&2 && exit 2 ;;
esac
chart=charts/prometheus-mirror
# To try the script in minutes: CARGO_OPTIONS='--config profile.release.lto="off"'.
read -ra cargo_options <<<"${CARGO_OPTIONS:-}"
unset MIRROR
revision=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C

step "Checks"
check_tree
check_versions
need_cargo
need_debian python3=python3 dpkg-deb=dpkg strings=binutils
open_scratch release
cargo fetch --locked
check_console
if $tested; then
  # As in CI: a step that was skipped has tried nothing of what is released.
  CI=true ./test.sh --full
  # What tests rewrite is fresh, or it would show here.
  check_tree
fi

step "Two builds"
build_in first
first=$mirror
build_in a-second-with-a-longer-name
cmp "$first" "$mirror" || die "two builds of one commit differ"
for built in "$scratch"/*/console/dist; do
  [[ ! -d $built ]] || diff -r "$scratch/first/console/dist" "$built" || die "two builds of the console differ"
done
if strings -n 8 "$first" | grep -F -e "$PWD" -e "${CARGO_HOME:-$HOME/.cargo}"; then
  die "the binary tells where it was built"
fi
grep -qF "$revision" "$first" || die "the binary does not know its revision"
say "equal: $(sha256sum <"$first" | cut -c -64)"

step "dist/"
rm -rf dist
host=$(rustc --print host-tuple)
scripts/package/dist.sh "$first" "$version" "$host" dist
scripts/package/dist.sh "$mirror" "$version" "$host" "$scratch/again"
diff -r dist "$scratch/again" || die "packing twice gives two results"
(cd dist && sha256sum -- * >SHA256SUMS && cat SHA256SUMS)
