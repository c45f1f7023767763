#!/usr/bin/env bash
# The release binary in an empty, read-only root, as the image holds it
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/ports.sh
source scripts/lib/prometheus.sh
source scripts/lib/mirror.sh

name=backend.test
backend_port=9443 wrong_port=9444
token=a-token-of-the-empty-root
# 20 MB, as those count who show the size of an image.
size_at_most=20000000

# certificates: an authority, and two certificates for `name`: one of it, one of nobody.
certificates() {
  local dir=$1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca \
    -keyout "$dir/ca.key" -out "$dir/ca.pem"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
    -keyout "$dir/good.key" -out "$dir/good.csr"
  openssl x509 -req -in "$dir/good.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial \
    -days 2 -extfile <(printf 'subjectAltName=DNS:%s\n' "$name") -out "$dir/good.pem"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
    -addext basicConstraints=critical,CA:FALSE \
    -keyout "$dir/wrong.key" -out "$dir/wrong.pem"
}

# ask PORT DETAILS: the connection test of the mirror in the root.
ask() {
  curl -sS --max-time 20 -D "$scratch/head" --data "{\"connectionDetails\": $1}" \
    http://127.0.0.1:9900/api/connection
}

# inside: everything, with networks and mounts of its own; what it mounts ends with it.
inside() {
  root=$scratch/root
  mount -t tmpfs -o mode=755 tmpfs "$root"
  mkdir -p "$root"/etc/ssl/certs
  cp "$mirror" "$root/prometheus-mirror"
  cp "$scratch/ca.pem" "$root/etc/ssl/certs/ca-certificates.crt"
  echo 'nameserver 127.0.0.1' >"$root/etc/resolv.conf"
  mount -o remount,ro "$root"
  if (: >"$root/written") 2>/dev/null; then die "the root can be written to"; fi
  # Without `ip`, which need not be installed: interface flags up and running.
  python3 -c 'import fcntl, socket, struct
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, struct.pack("16sh14x", b"lo", 0x41))'

  python3 scripts/image/peers.py "$name" "$backend_port" "$scratch"/good.{pem,key} \
    >"$scratch/peers.log" 2>&1 &
  logs+=("$scratch/peers.log")
  await "$!" grep -q ready "$scratch/peers.log" || die "the name server and the backend did not start"
  openssl s_server -accept "127.0.0.1:$wrong_port" -cert "$scratch/wrong.pem" \
    -key "$scratch/wrong.key" -www >"$scratch/wrong.log" 2>&1 &

  in_root=(chroot --userspec=65532:65532 "$root" /prometheus-mirror)
  # As the image's configuration: the environment, and nothing else.
  environment=(env -i PATH="$PATH" MIRROR_LISTEN=0.0.0.0 API_KEY=the-key-of-the-empty-root)
  if "${environment[@]}" "${in_root[@]}" serve >"$scratch/open.log" 2>&1; then
    die "it starts without a wall"
  fi
  grep -q PM-5004 "$scratch/open.log" || die "without a wall it says: $(<"$scratch/open.log")"
  say "without a wall it stops with PM-5004"

  trace=()
  if strace -o /dev/null true 2>/dev/null; then
    trace=(strace -f -qq -o "$scratch/trace" -e "trace=file,desc,network")
  fi
  logs+=("$scratch/mirror.log")
  environment+=("CALLER_TOKEN=$token")
  "${environment[@]}" "${trace[@]}" "${in_root[@]}" serve \
    >"$scratch/mirror.log" 2>&1 &
  serving=$!
  await "$serving" "${environment[@]}" "${in_root[@]}" health || die "health does not answer"
  # Nor does it need a key, or a random one, for which there is no /dev here.
  [[ $(env -i PATH="$PATH" "${in_root[@]}" health) == ready ]] || die "health says something else"
  say "it serves as uid 65532, and \`health\` answers"

  answer=$(ask "{\"url\": \"https://$name:$backend_port\", \"token\": \"$token\"}")
  [[ $answer == *'"status":"OK"'* ]] || die "a backend by name, over TLS: $answer"
  grep -qi '^x-mirror-api-key: the-key-of-the-empty-root' "$scratch/head" || die "no key"
  # Random bytes come from the kernel by a call: there is no /dev here, and without them it is zeros.
  id=$(tr -d '\r' <"$scratch/head" | sed -n 's/^x-request-id: //Ip')
  [[ $id =~ ^[0-9a-f]{16}$ && $id =~ [1-9a-f] ]] || die "the request's id is not random: $id"
  say "$name is resolved by the name server, and its certificate verified by the bundle"
  answer=$(ask "{\"url\": \"https://$name:$wrong_port\", \"token\": \"$token\"}")
  [[ $answer == *'"FAILURE"'* && $answer == *PM-300* ]] || die "a certificate of nobody: $answer"
  # A line may wait a moment for others.
  await "$serving" grep "TLS with $name:$wrong_port failed: .*unknown authority" "$scratch/mirror.log" ||
    die "the certificate of nobody is not what failed"
  say "a certificate that the bundle does not vouch for is refused"
  answer=$(ask "{\"url\": \"https://absent.test:$backend_port\", \"token\": \"$token\"}")
  [[ $answer == *'"FAILURE"'* ]] || die "a name that does not exist: $answer"
  say "a name that does not exist is a failure"

  child=$serving
  # strace passes no signal on; its child is the mirror.
  ((${#trace[@]})) && child=$(pgrep -P "$serving" | head -n 1)
  kill -INT "$child"
  wait "$serving" || die "it did not stop with exit code 0"
  if ((${#trace[@]})); then
    writes=$(grep -E '(open|openat|creat)\(.*(O_WRONLY|O_RDWR|O_CREAT)|^[0-9]+ (f?(mkdir|rename|unlink|link|symlink|mknod|truncate|chmod|chown)|l?chown|utime)[a-z0-9]*\(' \
      "$scratch/trace" || true)
    [[ -z $writes ]] || die "it writes: $writes"
    say "no file was opened for writing, made, renamed or removed ($(wc -l <"$scratch/trace") calls)"
  else
    skip "all but the trace of writes passed: strace is not usable here"
  fi
}

((EUID == 0)) || skip "an empty root needs root to be entered"
unshare --mount --net true 2>/dev/null || skip "no mounts of one's own can be made here"
need_debian /etc/ssl/certs/ca-certificates.crt=ca-certificates openssl=openssl strace=strace pgrep=procps
open_scratch static
build_mirror
linked=$(ldd "$mirror" 2>&1 || true)
# Position independent, it is called the one; else the other.
[[ $linked == *'statically linked'* || $linked == *'not a dynamic executable'* ]] ||
  die "it loads libraries: $linked"
! readelf -lW "$mirror" | grep -q INTERP || die "it needs a program interpreter"
python3 -B scripts/package/licenses.py "$scratch/licenses" >/dev/null
gzip -n9 "$scratch/licenses"
# What the last stage of the Dockerfile holds, and nothing else.
held=("$mirror" /etc/ssl/certs/ca-certificates.crt LICENSE "$scratch/licenses.gz")
size=$(cat "${held[@]}" | wc -c)
say "$(stat -c %s "$mirror") bytes, and no library is loaded; the image has $size"
((size <= size_at_most)) || die "an image of more than 20 MB"
certificates "$scratch" >"$scratch/openssl.log" 2>&1 || { logs+=("$scratch/openssl.log"); die "openssl"; }
mkdir "$scratch/root"

export scratch mirror name backend_port wrong_port token
# What was defined here goes on inside.
unshare --mount --net bash -euo pipefail -c "
$(declare -f ask inside await say skip die end_children); logs=(); current_step=static
trap end_children EXIT
inside"
