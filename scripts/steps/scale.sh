#!/usr/bin/env bash
# Three mirrors behind nginx, added, rolled and killed under load: no request is lost
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh
source scripts/quickstart/requests.sh

replicas=(one two three)
# So that rolling three takes seconds; the default waits for slower load balancers.
shutdown_delay=2s

declare -A pids=() ports=() admins=()

# start NAME: a replica on its own ports, which it keeps for life; all have one key.
start() {
  env -i API_KEY="$key" PORT="${ports[$1]}" ADMIN_PORT="${admins[$1]}" WORKERS=1 \
    MIRROR_LIMITS_SHUTDOWN_DELAY="$shutdown_delay" "$mirror" serve >>"$scratch/$1.log" 2>&1 &
  pids[$1]=$!
  await "${pids[$1]}" curl -sf "http://127.0.0.1:${admins[$1]}/-/ready" || die "$1 did not start"
}

# answered NAME: how many metric requests it has answered.
answered() {
  curl -s --max-time 5 "http://127.0.0.1:${admins[$1]}/metrics" |
    awk '/^mirror_requests_total\{/ && /method="metric"/ { sum += $2 } END { print sum + 0 }'
}

has_answered() { (($(answered "$1") >= 10)); }

# A POST of the Mirror API changes nothing, so whoever balances may repeat it elsewhere.
nginx_config() {
  cat <<CONF
daemon off; worker_processes 1; pid $PWD/$scratch/nginx.pid;
error_log $PWD/$scratch/nginx.log warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path $PWD/$scratch/body; proxy_temp_path $PWD/$scratch/proxy;
  fastcgi_temp_path $PWD/$scratch/fcgi; uwsgi_temp_path $PWD/$scratch/uwsgi; scgi_temp_path $PWD/$scratch/scgi;
  upstream mirrors {
$(for name in "${replicas[@]}"; do printf '    server 127.0.0.1:%s max_fails=1 fail_timeout=1s;\n' "${ports[$name]}"; done)
    keepalive 8;
  }
  server {
    listen 127.0.0.1:$front;
    location / {
      proxy_pass http://mirrors; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host localhost;
      proxy_next_upstream error timeout non_idempotent; proxy_connect_timeout 2s;
    }
  }
}
CONF
}

open_scratch scale
nginx=$(command -v nginx || echo target/peers/nginx/usr/sbin/nginx)
[[ -x $nginx ]] || { scripts/peers.sh && [[ -x $nginx ]]; } || skip "no nginx here"
fetch_prometheus
build_mirror
key=$(random_key)
for name in "${replicas[@]}"; do
  ports[$name]=$(free_port 9900 1) admins[$name]=$(free_port 9901 1)
  logs+=("$scratch/$name.log")
done
front=$(free_port 9900 1)
start one
start two
start_prometheus "$scratch" "${admins[one]}"
nginx_config >"$scratch/nginx.conf"
logs+=("$scratch/nginx.log")
"$nginx" -c "$PWD/$scratch/nginx.conf" -e "$PWD/$scratch/nginx.log" &
await "$!" curl -s -o /dev/null "http://127.0.0.1:$front/" || die "nginx did not start"
# The question that is asked over and over; its range ends now, so it is made anew until it has points.
has_points() {
  metric_query "$(condition __gauge__ go_goroutines),$(condition job prometheus)" >"$scratch/body.json"
  curl -s --max-time 5 --data "@$scratch/body.json" "http://127.0.0.1:$front/api/metric" | grep -q '"points":\[\['
}
await "${pids[one]}" has_points || die "no points: $(curl -s --data "@$scratch/body.json" "http://127.0.0.1:$front/api/metric")"

python3 scripts/scale/load.py "$front" "$key" "$scratch/body.json" "$scratch/stop" >"$scratch/load" 2>&1 &
load=$!
await "$load" has_answered one || die "one gets nothing"
await "$load" has_answered two || die "two gets nothing"
start three
await "$load" has_answered three || die "three was added and gets nothing"
say "two share the load, and a third that is added gets some of it"

for name in "${replicas[@]}"; do
  kill -TERM "${pids[$name]}"
  wait "${pids[$name]}" || die "$name did not drain"
  start "$name"
  await "$load" has_answered "$name" || die "$name was rolled and gets nothing"
done
say "each was rolled"
kill -KILL "${pids[two]}"
# Bash would tell of it.
wait "${pids[two]}" 2>/dev/null || true
before=$(answered one)
has_gone_on() { (($(answered one) >= before + 50)); }
await "$load" has_gone_on || die "one does not go on without two"
say "one was killed"
touch "$scratch/stop"
logs+=("$scratch/load")
wait "$load" || die "requests were lost: $(<"$scratch/load")"
say "of the callers' requests: $(<"$scratch/load")"
(($(sed -n 's/ answered.*//p' "$scratch/load") >= 300)) || die "too few requests to tell anything"
