# Real Mirror API requests, each answer shown and checked. Sourced by quickstart.sh.
# shellcheck shell=bash

# ask TITLE PATH BODY TYPE NEEDED: sends one request, shows it, the PromQL that Prometheus
# received for it and the answer; fails unless the answer has the key, the type and NEEDED.
ask() {
  local title=$1 path=$2 body=$3 type=$4 needed=$5 asked status
  step "$title"
  printf '%srequest%s  POST %s\n         %s\n' "$bold" "$plain" "$path" "$body"
  asked=$(count_queries)
  status=$(curl -sS --max-time 20 -D "$scratch/head" -o "$scratch/body" -w '%{http_code}' \
    -H 'Content-Type: application/json' --data "$body" \
    "http://127.0.0.1:$mirror_port$path") || die "no answer"
  show_queries "$asked"
  show_answer "$status"
  [[ $status == 200 ]] || die "status $status instead of 200"
  grep -qi "^x-mirror-api-key: $key" "$scratch/head" || die "the answer has no key"
  grep -q "\"_type\":\"$type\"" "$scratch/body" || die "the answer is no $type"
  grep -qF "$needed" "$scratch/body" || die "the answer lacks $needed"
}

# Prometheus writes each query it evaluated into its query log: what is shown is what it
# received, not what the mirror says it sent.
count_queries() { wc -l 2>/dev/null <"$scratch/queries.log" || echo 0; }

# show_queries SEEN: the entries after that many. Field names and values have none, since
# Prometheus logs only what its engine evaluates.
show_queries() {
  local entry name=promql
  while IFS= read -r entry; do
    printf '%s%-7s%s  %s\n' "$bold" "$name" "$plain" "$(query_of "$entry")"
    name=''
  done < <(tail -n "+$(($1 + 1))" "$scratch/queries.log" 2>/dev/null)
  [[ -z $name ]] || say "     (no PromQL: a list of labels or of their values)"
}

# query_of ENTRY: the query's text with its JSON escapes undone, then when it is evaluated.
query_of() {
  local query range=''
  query=$(sed -E 's/.*"query":"(([^"\\]|\\.)*)".*/\1/' <<<"$1" |
    sed -e 's/\\u003c/</g' -e 's/\\u003e/>/g' -e 's/\\u0026/\&/g' -e 's/\\"/"/g' -e 's/\\\\/\\/g')
  if [[ $1 =~ \"start\":\"[^T]*T([0-9:.]+)Z ]]; then
    range="at ${BASH_REMATCH[1]}"
    if [[ $1 =~ \"step\":([0-9.]+) && ${BASH_REMATCH[1]} != 0 ]]; then
      range="from ${range#at } every ${BASH_REMATCH[1]} s"
      [[ $1 =~ \"end\":\"[^T]*T([0-9:.]+)Z ]] && range+=" to ${BASH_REMATCH[1]}"
    fi
  fi
  printf '%s%s%s' "$query" "${range:+   $dim}" "${range:+[$range]$plain}"
}

# show_answer STATUS: long answers are cut, and say so.
show_answer() {
  local text most=700
  text=$(<"$scratch/body")
  printf '%sanswer%s   %s  %s' "$bold" "$plain" "$1" "${text:0:most}"
  ((${#text} <= most)) || printf '… (%s characters)' "${#text}"
  printf '\n'
}
