#!/usr/bin/env bash
# Looks for inputs that break a fuzz target, beginning with those in fuzz/corpus.
#
#   scripts/fuzz.sh [SECONDS [TARGET…]]    every target, or these, for so long each; 10 s
#   scripts/fuzz.sh --keep [TARGET…]       takes new inputs over that lead where no other one does
#
# As many run at the same time as there are processors. New inputs are left in target/fuzz/corpus,
# where the next run begins; one that breaks something is named at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/say.sh
source scripts/lib/debian.sh

# Longest input: what is larger finds the same, later.
longest=2048
# Kept inputs are read by people and replayed by every test run.
longest_kept=512
built=target/fuzz
logs_at=$built/logs

# The program is given by its version; what it builds with is our own compiler, told that a nightly
# option or two are meant.
build() {
  step "cargo-fuzz"
  need_cargo
  need_debian c++=g++
  local tools=target/cargo-tools
  [[ $("$tools/bin/cargo-fuzz" --version 2>/dev/null) == "cargo-fuzz 0.13.2" ]] ||
    cargo install cargo-fuzz --version 0.13.2 --locked --root "$tools"
  step "build"
  # What we ship is what is tried: the same versions, and two crates that fuzz/Cargo.toml pins.
  cp Cargo.lock fuzz/Cargo.lock
  # No sanitizer: there is no unsafe code of ours that it could watch.
  RUSTC_BOOTSTRAP=1 "$tools/bin/cargo-fuzz" build --sanitizer none --strip-dead-code=true \
    --target-dir "$built"
  programs=$built/$(rustc --print host-tuple)/release
}

# fuzz TARGET
fuzz() {
  mkdir -p "$built/corpus/$1"
  "$programs/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=$longest \
    -dict="fuzz/dictionaries/$1.dict" -artifact_prefix="$built/$1-" -print_final_stats=1 \
    "$built/corpus/$1" "fuzz/corpus/$1" >"$logs_at/$1" 2>&1
}

# keep TARGET: what leads to code that the kept inputs do not reach. How often it is run through is not
# counted: that would make ten times as many.
keep() {
  mkdir -p "$built/corpus/$1"
  "$programs/$1" -set_cover_merge=1 -use_counters=0 -max_len=$longest_kept "fuzz/corpus/$1" "$built/corpus/$1" \
    >"$logs_at/$1" 2>&1
}

work=fuzz seconds=10
case ${1:-} in
  --keep) work=keep && shift ;;
  '' | *[!0-9]*) ;;
  *) seconds=$1 && shift ;;
esac
targets=("$@")
if ((!${#targets[@]})); then
  mapfile -t targets < <(cd fuzz/fuzz_targets && printf '%s\n' *.rs | sed 's/\.rs$//')
fi

build
mkdir -p "$logs_at"
trap end_children EXIT
step "$work ${targets[*]}"
failed=()
declare -A running=()

# reap: waits for one of them to end.
reap() {
  local id status=0
  wait -n -p id "${!running[@]}" || status=$?
  local target=${running[$id]}
  unset "running[$id]"
  if ((status)); then
    failed+=("$target") && logs+=("$logs_at/$target")
  fi
  say "$target: $(sed -nE 's/^stat::number_of_executed_units: +//p' "$logs_at/$target") inputs, exit $status"
}

for target in "${targets[@]}"; do
  [[ -f fuzz/fuzz_targets/$target.rs ]] || die "there is no target $target"
  ((${#running[@]} < $(nproc))) || reap
  "$work" "$target" &
  running[$!]=$target
done
while ((${#running[@]})); do reap; done
((!${#failed[@]})) || die "${failed[*]}: the log says which input; put it into fuzz/corpus/<target> once the cause is mended"
