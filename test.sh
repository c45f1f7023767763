#!/usr/bin/env bash
# The checks of the project, in order.
#
#   ./test.sh               all steps that fit into half an hour
#   ./test.sh --list        names them
#   ./test.sh --only STEP   one of them; may be given several times
#   ./test.sh --fast        the ones that need neither a backend nor a release build
#   ./test.sh --full        as before a release: also browser, packages and fuzz targets, with many more generated cases
#
# A step is scripts/steps/NAME.sh; `skip` of scripts/lib/say.sh ends one that cannot run here.
# With CI=true a skip that is not listed below counts as a failure.
set -euo pipefail
cd "$(dirname "$0")"

source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/console.sh

# The release build is most of it one thread, and what `instructions` counts does not depend on who else
# computes. So these two go on beside the steps that measure no time either, each waited for at its place.
beside=(release instructions)
building=(format lint shell deny releasing page docs builds model image release)
running=(static unit documents monitoring chart contract memory instructions test hostile promises quickstart scale backends connections)
# Only with --full, or by name: each has a build of its own, a browser or a Debian root.
long=(console package fuzz)
# A machine without Node builds the mirror without its console, and tests the rest.
may_be_skipped_in_ci=(page)

usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

list() {
  local name
  for name in "${building[@]}" "${running[@]}" "${long[@]}"; do
    printf '%-12s %s\n' "$name" "$(sed -n '2s/^# //p' "scripts/steps/$name.sh")"
  done
}

# Nothing is built twice there, and what only a second build would need fills the disk.
[[ ${CI:-} != true ]] || export CARGO_INCREMENTAL=0

steps=()
while (($#)); do
  case $1 in
    --list) list && exit ;;
    --only) steps+=("${2:?--only needs a step}") && shift ;;
    --fast) for name in "${building[@]}" test; do [[ $name == release ]] || steps+=("$name"); done ;;
    --full) export FULL=1 ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done
if ((!${#steps[@]})); then
  steps=("${building[@]}" "${running[@]}")
  [[ ${FULL:-} != 1 ]] || steps+=("${long[@]}")
fi
for name in "${steps[@]}"; do
  [[ -f scripts/steps/$name.sh ]] || { list >&2 && exit 2; }
done

open_scratch test
# run NAME: in a process group of its own, so that what a step leaves behind, or an
# interrupted step, can be ended whole.
run() {
  local status=0
  if [[ -n ${early:-} && " ${beside[*]} " == *" $1 "* ]]; then
    until [[ -e $scratch/$1.status ]]; do
      kill -0 "$early" 2>/dev/null || [[ -e $scratch/$1.status ]] || return 1
      sleep 0.2
    done
    cat "$scratch/$1.log"
    [[ ! -e $scratch/$1.skip ]] || cp "$scratch/$1.skip" "$scratch/skip"
    return "$(<"$scratch/$1.status")"
  fi
  # Cargo would wait for what is built beside before it tells that there is nothing to build.
  local binary=${MIRROR:-}
  if [[ -z $binary && -e $scratch/release.status ]] && is_beside; then
    binary=${CARGO_TARGET_DIR:-target}/$(rustc --print host-tuple)/release/prometheus-mirror
    binary=$(realpath "$binary" 2>/dev/null) || binary=''
  fi
  local given=("SKIP_NOTE=$scratch/skip")
  [[ -z $binary ]] || given+=("MIRROR=$binary")
  set -m
  env "${given[@]}" bash "scripts/steps/$1.sh" </dev/null &
  set +m
  group=$!
  wait "$group" || status=$?
  end_group
  return "$status"
}

# begin_beside: the steps that go on beside others, one after another. What each says is shown at its place.
begin_beside() {
  # The page first, for no build is to meet it half written. If it fails the step says so.
  if [[ -z ${MIRROR:-} ]] && has_node; then build_console || true; fi
  set -m
  go_beside &
  set +m
  early=$!
}

go_beside() {
  set +m
  local name ended
  for name in "${beside[@]}"; do
    ended=0
    SKIP_NOTE=$scratch/$name.skip bash "scripts/steps/$name.sh" </dev/null >"$scratch/$name.log" 2>&1 || ended=$?
    echo "$ended" >"$scratch/$name.new"
    mv "$scratch/$name.new" "$scratch/$name.status"
  done
}

# is_beside: whether something goes on beside this.
is_beside() { [[ -n ${early:-} && ! -e $scratch/${beside[-1]}.status ]]; }

end_group() {
  [[ -z ${group:-} ]] || kill -- "-$group" 2>/dev/null || true
  group=''
}
trap 'status=$?; end_group; group=${early:-}; end_group; close_scratch "$status"' EXIT

# Here and not in the steps, which run without a terminal that could ask for a password.
step "programs"
need_cargo
need_debian cc=gcc c++=g++ curl=curl python3=python3 /usr/include/stdio.h=libc6-dev
# Without it the step says that it was skipped.
[[ " ${steps[*]} " != *" instructions "* ]] || (need_debian valgrind=valgrind) || true
[[ " ${steps[*]} " != *" console "* ]] || (need_node && need_debian /usr/bin/chromium=chromium) || true
python3 -c 'import ensurepip' 2>/dev/null || need_debian /nonexistent=python3-venv

[[ " ${steps[*]} " != *" builds "*" release "*" instructions "* ]] || begin_beside

table='' passed=0 failed=0 skipped=0
for name in "${steps[@]}"; do
  step "$name"
  begun=$SECONDS status=0
  run "$name" || status=$?
  note=''
  case $status in
    0) result=passed ;;
    77) result=skipped note=$(<"$scratch/skip") ;;
    *) result=failed note="exit $status" ;;
  esac
  if [[ $result == skipped && ${CI:-} == true && " ${may_be_skipped_in_ci[*]} " != *" $name "* ]]; then
    result=failed note="skipped, which CI does not allow: $note"
  fi
  # Not the counters' arithmetic as a command: it would be a failure at zero.
  case $result in
    passed) passed=$((passed + 1)) ;;
    failed) failed=$((failed + 1)) ;;
    skipped) skipped=$((skipped + 1)) ;;
  esac
  table+=$(printf '%-12s %-8s %4d s  %s' "$name" "$result" $((SECONDS - begun)) "$note")$'\n'
done

printf '\n%s\n%d passed, %d failed, %d skipped\n' "$table" "$passed" "$failed" "$skipped"
((failed == 0))
