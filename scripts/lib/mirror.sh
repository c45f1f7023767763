# The mirror: built, and started on loopback. Sourced after say.sh and ports.sh.
# shellcheck shell=bash

# Further options of the build, for whoever sources this.
cargo_options=(--quiet)

# How a release is built: nothing in it is loaded at run time. Sets `release_target` and
# `release_flags`. The target is named although it is the host's, so that the flags do not reach
# build scripts and procedural macros.
# The backend of getrandom: by default it looks the system call up in the C library at run time, which
# a static binary cannot, and then opens /dev/urandom, which an empty root has not.
release_options() {
  release_target=$(rustc --print host-tuple)
  release_flags="-C target-feature=+crt-static --cfg getrandom_backend=\"linux_getrandom\" ${RUSTFLAGS:-}"
}

# build_mirror: the release binary, the same one that packages and image hold. Sets `mirror` to it.
# MIRROR=/path uses another binary and builds nothing.
build_mirror() {
  mirror=${MIRROR:-}
  if [[ -n $mirror ]]; then
    [[ -x $mirror ]] || die "MIRROR=$mirror is not a program"
    return
  fi
  local release_target release_flags
  release_options
  RUSTFLAGS=$release_flags cargo build --release --locked --target "$release_target" \
    "${cargo_options[@]}" || die "cargo build"
  mirror=${CARGO_TARGET_DIR:-target}/$release_target/release/prometheus-mirror
}

# Set, the mirror's console and what only the operator may ask want this token.
console_token=''

# start_mirror DIR: starts it with a random key; sets `mirror_pid`, `mirror_port`,
# `admin_port` and `key`.
start_mirror() {
  local dir=$1 try
  logs+=("$dir/mirror.log")
  key=$(random_key)
  for try in 0 1 2; do
    mirror_port=$(free_port 9900 "$try")
    admin_port=$(free_port 9901 "$try")
    # An empty environment: settings of the user's own shell are not meant for this one.
    env -i PATH="$PATH" API_KEY="$key" MIRROR_LISTEN=127.0.0.1 PORT="$mirror_port" \
      ADMIN_PORT="$admin_port" MIRROR_LOG_FORMAT=text \
      ${console_token:+"CONSOLE_TOKEN=$console_token"} "$mirror" serve >"$dir/mirror.log" 2>&1 &
    mirror_pid=$!
    await "$mirror_pid" is_our_mirror && break
    ((try < 2)) || die "the mirror did not start"
  done
  ((mirror_port == 9900)) || say "port 9900 is taken: the mirror listens on $mirror_port"
  ((admin_port == 9901)) || say "port 9901 is taken: the admin listener is on $admin_port"
}

# is_our_mirror: ready, and it answers with our key. So nobody else's mirror on a port that
# we just lost is taken for ours.
is_our_mirror() {
  curl -sf --max-time 2 "http://127.0.0.1:$admin_port/-/ready" &&
    curl -s --max-time 2 -o /dev/null -D - --data '{}' \
      "http://127.0.0.1:$mirror_port/api/connection" | grep -qi "^x-mirror-api-key: $key"
}

random_key() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
