# Free ports on loopback. Sourced after say.sh.
# shellcheck shell=bash

# is_taken PORT: whether something listens there.
is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port PREFERRED [TRIES]: prints the preferred port, or another when it is taken or
# when somebody was quicker in an earlier try.
free_port() {
  local port=$1 tries=${2:-0}
  while ((tries > 0)) || is_taken "$port"; do
    port=$((20000 + RANDOM % 10000))
    tries=0
  done
  printf '%s\n' "$port"
}
