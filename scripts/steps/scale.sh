#!/usr/bin/env bash
# Mirrors behind nginx and behind a haproxy of connections, added, rolled and killed under load: no request is lost
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh
source scripts/quickstart/requests.sh

replicas=(one two three)
# Behind the balancer of connections.
aged=(four five)
# The default is ten minutes. It may be a tenth more, and the balancer and this script take a moment.
connection_age=4 slack=2
# So that rolling three takes seconds; the default waits for slower load balancers.
shutdown_delay=2s

declare -A pids=() ports=() admins=() loads=()

# start NAME [SETTING=VALUE]: a replica on its own ports, which it keeps for life; all have one key.
start() {
  env -i API_KEY="$key" PORT="${ports[$1]}" ADMIN_PORT="${admins[$1]}" WORKERS=1 "${@:2}" \
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

# connections NAME: how many callers' connections are open.
connections() {
  curl -s --max-time 5 "http://127.0.0.1:${admins[$1]}/metrics" |
    awk '/^mirror_connections\{/ { sum += $2 } END { print sum + 0 }'
}

# Half of the six, or one less: two may have begun anew at once.
has_its_share() { (($(connections five) >= 2)) && has_answered five; }

# callers FRONT NAME: callers of FRONT, until $scratch/NAME.stop is there; sets `load`.
callers() {
  python3 scripts/scale/load.py "$1" "$key" "$scratch/body.json" "$scratch/$2.stop" >"$scratch/$2.load" 2>&1 &
  load=$!
  loads[$2]=$load
  logs+=("$scratch/$2.load")
}

# ended NAME LEAST: these callers end; no request of theirs was lost, and there were LEAST at least.
ended() {
  touch "$scratch/$1.stop"
  wait "${loads[$1]}" || die "requests were lost: $(<"$scratch/$1.load")"
  (($(sed -n 's/ answered.*//p' "$scratch/$1.load") >= $2)) || die "too few requests to tell anything"
}

# roll NAME [SETTING=VALUE]: it is told to stop, and started again.
roll() {
  kill -TERM "${pids[$1]}"
  wait "${pids[$1]}" || die "$1 did not drain"
  start "$@"
  await "$load" has_answered "$1" || die "$1 was rolled and gets nothing"
}

# A POST of the Mirror API changes nothing, so whoever balances may repeat it elsewhere. On `strict` it is
# not repeated once it was sent, which is nginx's default.
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
  server {
    listen 127.0.0.1:$strict;
    location / {
      proxy_pass http://mirrors; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host localhost; proxy_connect_timeout 2s;
    }
  }
}
CONF
}

# As a Service of Kubernetes: a connection goes to one replica for life, and to none that is not ready.
haproxy_config() {
  cat <<CONF
defaults
  mode tcp
  timeout connect 2s
  timeout client 1m
  timeout server 1m
  retries 3
  option redispatch
listen mirrors
  bind 127.0.0.1:$front
  balance leastconn
  option httpchk GET /-/ready
$(for name in "${aged[@]}"; do printf '  server %s 127.0.0.1:%s check port %s inter 200ms fall 1 rise 1\n' "$name" "${ports[$name]}" "${admins[$name]}"; done)
CONF
}

# As it is installed it listens nowhere.
need_debian /usr/sbin/haproxy=haproxy
open_scratch scale
nginx=$(command -v nginx || echo target/peers/nginx/usr/sbin/nginx)
[[ -x $nginx ]] || { scripts/peers.sh && [[ -x $nginx ]]; } || skip "no nginx here"
fetch_prometheus
build_mirror
key=$(random_key)
for name in "${replicas[@]}" "${aged[@]}"; do
  ports[$name]=$(free_port 9900 1) admins[$name]=$(free_port 9901 1)
  logs+=("$scratch/$name.log")
done
front=$(free_port 9900 1) strict=$(free_port 9900 1)
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

callers "$strict" strict
callers "$front" repeating
await "$load" has_answered one || die "one gets nothing"
await "$load" has_answered two || die "two gets nothing"
start three
await "$load" has_answered three || die "three was added and gets nothing"
say "two share the load, and a third that is added gets some of it"

for name in "${replicas[@]}"; do
  roll "$name"
done
ended strict 300
say "each was rolled, and nothing had to be repeated: $(<"$scratch/strict.load")"
kill -KILL "${pids[two]}"
# Bash would tell of it.
wait "${pids[two]}" 2>/dev/null || true
before=$(answered one)
has_gone_on() { (($(answered one) >= before + 50)); }
await "$load" has_gone_on || die "one does not go on without two"
say "one was killed"
ended repeating 300
say "of the callers' requests: $(<"$scratch/repeating.load")"

front=$(free_port 9900 1)
start four MIRROR_LIMITS_CONNECTION_AGE="$connection_age"
haproxy_config >"$scratch/haproxy.cfg"
logs+=("$scratch/haproxy.log")
/usr/sbin/haproxy -db -f "$scratch/haproxy.cfg" >"$scratch/haproxy.log" 2>&1 &
await "$!" curl -s -o /dev/null "http://127.0.0.1:$front/" || die "haproxy did not start"
callers "$front" kept
await "$load" has_answered four || die "four gets nothing"
start five MIRROR_LIMITS_CONNECTION_AGE="$connection_age"
added=$SECONDS
await "$load" has_its_share || die "five was added, and of the connections it has $(connections five)"
took=$((SECONDS - added))
((took <= connection_age + connection_age / 10 + slack)) || die "five got its share after $took s only"
say "five was added to four, and got its share of the kept connections within $took s"
roll four MIRROR_LIMITS_CONNECTION_AGE="$connection_age"
ended kept 100
say "four was rolled: $(<"$scratch/kept.load")"
