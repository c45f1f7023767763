#!/usr/bin/env bash
# The changelog's form, workflows, a parser that is generated alike each time, what a release says is in it, and that release.sh stops where it has to
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh

python3 tests/release/changelog.py
python3 tests/release/versions.py
python3 tests/release/workflow.py
python3 -B tests/release/packaged.py
python3 tests/release/generated.py
cargo fetch --locked --quiet
python3 -B tests/release/materials.py
open_scratch releasing
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
tree=$scratch/tree

# commit TEXT: all that lies in the tree.
commit() {
  git -C "$tree" add --all
  git -C "$tree" -c user.name=test -c user.email=test@localhost -c commit.gpgsign=false commit --quiet -m "$1"
}

# What was not tried is skipped and not passed, or a release would go out without it.
if grep -nE '\b(was|were) not (tried|traced|tested)' scripts/steps/*.sh | grep -v releasing.sh; then
  die "a step passes that has not tried everything: \`skip\` is for that"
fi

# Of release.sh, in `stops`.
options=(--untested)
# stops TEXT: release.sh ends before it builds anything, and says this.
stops() {
  local said
  if said=$(cd "$tree" && PATH=$programs ./release.sh "${wanted:-$version}" "${options[@]}" 2>&1); then
    die "release.sh goes on where it should say: $1"
  fi
  [[ $said == *"$1"* ]] || die "release.sh does not say \"$1\", but: $said"
  [[ $said != *"Two builds"* ]] || die "release.sh builds before it says: $1"
  say "stops: $1"
}

# All programs, of which cargo builds nothing: a check that is not there is told by it within seconds.
programs=$PWD/$scratch/programs
mkdir -p "$programs"
IFS=: read -ra folders <<<"$PATH"
for folder in "${folders[@]}"; do
  # The first of a name counts, as on a path.
  find -L "$folder" -maxdepth 1 -type f -perm -1 -exec ln -s --target-directory="$programs" {} + 2>/dev/null || true
done
cargo=$(command -v cargo)
rm "$programs/cargo"
cat >"$programs/cargo" <<CARGO
#!/bin/sh
case \$1 in build) echo "it builds, told: \$MIRROR_REVISION \$RUSTFLAGS"; exit 1 ;; esac
exec "$cargo" "\$@"
CARGO
chmod +x "$programs/cargo"

# What lies here, committed or not.
mkdir -p "$tree"
git ls-files -z --cached --others --exclude-standard | while IFS= read -rd '' file; do
  [[ ! -e $file ]] || printf '%s\0' "$file"
done | tar --null --files-from=- -c | tar -x -C "$tree"
git -C "$tree" init --quiet
sed -i '/^## Unreleased/,/^## [0-9]/{/^## [0-9]/!d}' "$tree/CHANGELOG.md"
commit "No release yet"

stops "CHANGELOG.md has no section for $version"
printf '\n## %s (2026-01-01)\n\n- [FEATURE] It is there.\n' "$version" >>"$tree/CHANGELOG.md"
stops "the tree is not clean"
commit "A release"

wanted=9.9.9 stops "Cargo.toml says $version"
sed -i "s/^## $version/## Unreleased\n\n- [BUGFIX] It works.\n\n&/" "$tree/CHANGELOG.md"
commit "A line that nobody moved"
stops "lines are left under Unreleased"
git -C "$tree" checkout --quiet HEAD~1
sed -i 's/^appVersion: .*/appVersion: 9.9.9/' "$tree/charts/prometheus-mirror/Chart.yaml"
commit "A chart of another version"
stops "Chart.yaml says appVersion 9.9.9"
git -C "$tree" checkout --quiet HEAD~1

rm -f "$programs/npm"
stops "the console cannot be built: no npm here"

# The steps of a release count as in CI, whoever calls it. The step `static` is one that some machines cannot run.
git -C "$tree" rm -r --quiet console
for it in "$tree"/scripts/steps/*.sh; do echo 'exit 0' >"$it"; done
printf 'source scripts/lib/say.sh\nskip "not here"\n' >"$tree/scripts/steps/static.sh"
commit "A step that is skipped"
options=()
unset CI
stops "skipped, which CI does not allow: not here"
echo 'exit 0' >"$tree/scripts/steps/static.sh"
commit "No step that is skipped"
# It gets as far as the build, which this cargo refuses.
said=$(cd "$tree" && PATH=$programs ./release.sh "$version" 2>&1) || true
[[ $said == *" 0 skipped"*"Two builds"* ]] || die "release.sh does not build what has passed, but says: $said"
say "goes on: every step has passed"
told=$(sed -n 's/^it builds, told: //p' <<<"$said")
[[ $told == "$(git -C "$tree" rev-parse HEAD) "* ]] || die "the binary is not told its commit, but: $told"
python3 tests/release/image.py "${told#* }"
