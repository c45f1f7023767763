# How the scripts speak and fail. Sourced, never run.
# shellcheck shell=bash

# The step that is under way; `die` names it.
current_step="start"
# Logs whose last lines `die` shows.
logs=()

# shellcheck disable=SC2034  # not every script that sources this uses all three
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold='' dim='' plain=''
fi

# step NAME: what is done from here on.
step() {
  current_step=$1
  printf '\n%s==> %s%s\n' "$bold" "$1" "$plain"
}

# say TEXT…: one indented line.
say() { printf '    %s\n' "$*"; }

# warn TEXT…: goes to stderr, so that answers can be piped away from it.
warn() { printf '    %s\n' "$*" >&2; }

# die TEXT…: ends the script with the step's name and the last lines of each log.
die() {
  printf '\n%s: failed at step "%s": %s\n' "${0##*/}" "$current_step" "$*" >&2
  local log
  for log in "${logs[@]}"; do
    [[ -s $log ]] || continue
    printf '\nlast lines of %s:\n' "${log##*/}" >&2
    tail -n 15 "$log" | sed 's/^/    /' >&2
  done
  exit 1
}

# skip REASON: ends a step of test.sh that cannot run here.
skip() {
  printf 'skipped: %s\n' "$1"
  [[ -z ${SKIP_NOTE:-} ]] || printf '%s\n' "$1" >"$SKIP_NOTE"
  exit 77
}

# have PROGRAM: whether it is on the path.
have() { command -v "$1" >/dev/null 2>&1; }

# open_scratch NAME: sets `scratch` to a directory of this run's own; at the end, however it
# comes, what was started is ended and the directory is removed.
open_scratch() {
  mkdir -p target/scratch
  trap close_scratch EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  scratch=$(mktemp -d "target/scratch/$1.XXXXXX")
}

close_scratch() {
  local status=${1:-$?}
  trap '' INT TERM
  end_children
  [[ -z ${scratch:-} ]] || rm -rf "$scratch"
  exit "$status"
}

# end_children: ends what this script started, by id, and waits for it. `jobs` and not a
# list of our own: a signal could come between a start and the line that notes its id.
end_children() {
  local -a ids
  mapfile -t ids < <(jobs -p)
  ((${#ids[@]})) || return 0
  kill "${ids[@]}" 2>/dev/null || true
  local id patience=100
  for id in "${ids[@]}"; do
    while ((patience-- > 0)) && kill -0 "$id" 2>/dev/null; do sleep 0.1; done
    kill -KILL "$id" 2>/dev/null || true
    wait "$id" 2>/dev/null || true
  done
}
