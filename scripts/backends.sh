#!/usr/bin/env bash
# Fetches the real engines that tests/backends asks, without installing anything.
#
#   scripts/backends.sh [DIR]        DIR defaults to target/backends
#
# Left-closed and left-open Prometheus and two ages of VictoriaMetrics live in three
# suites of Debian. Each is unpacked to DIR/<package>-<suite>; apt is pointed at lists,
# caches and a package database under DIR, so the machine's own stay as they are.
# A suite's version moves on with time: what was got is what VERSION and the printed line say.
#
# An engine that cannot be fetched is reported by name. That is no failure, except under
# CI=true for the required three: prometheus-bookworm, prometheus-forky, one VictoriaMetrics.
set -euo pipefail

dir=${1:-target/backends}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# package, suite, the program inside it
engines=(
    "prometheus bookworm usr/bin/prometheus"
    "prometheus trixie usr/bin/prometheus"
    "prometheus forky usr/bin/prometheus"
    "victoria-metrics bookworm usr/bin/victoria-metrics"
    "victoria-metrics forky usr/bin/victoria-metrics"
)

# The system's own Debian mirror, whatever its host, with only the suite replaced: security
# and update suites are left out, since a newer suite may not have them.
write_sources() { # suite file
    local files=() file
    for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] && files+=("$file")
    done
    awk -v suite="$1" '
        FILENAME ~ /\.sources$/ && /^URIs:/ && $2 ~ /\/debian\/?$/ { uri = $2 }
        FILENAME ~ /\.sources$/ && /^Signed-By:/ && uri && !key { key = $2 }
        FILENAME ~ /\.list$/ && /^deb / && !uri {
            for (n = 2; n <= NF; n++) if ($n ~ /^[a-z]+:.*\/debian\/?$/) { uri = $n; break }
        }
        END {
            if (!uri) exit 1
            print "Types: deb\nURIs: " uri "\nSuites: " suite "\nComponents: main"
            if (key) print "Signed-By: " key
        }' "${files[@]}" >"$2"
}

apt_get() { # suite, then the arguments
    local apt=$dir/apt/$1
    shift
    apt-get -qq \
        -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/sources" \
        -o Dir::State="$apt/state" -o Dir::State::status="$apt/state/status" \
        -o Dir::Cache="$apt/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root \
        -o Acquire::Retries=2 "$@"
}

fetch() { # package suite: leaves DIR/<package>-<suite>/, complete or not at all
    local package=$1 suite=$2 apt=$dir/apt/$2
    local place=$dir/$package-$suite
    mkdir -p "$apt"/{sources,state/lists/partial,cache/archives/partial,"$package"}
    : >"$apt/state/status"
    write_sources "$suite" "$apt/sources/debian.sources" || return
    # One suite serves several packages: its lists are read once a run.
    if [ ! -e "$apt/fresh.$$" ]; then
        apt_get "$suite" update || return
        : >"$apt/fresh.$$"
    fi
    rm -f "$apt/$package"/*.deb
    (cd "$apt/$package" && apt_get "$suite" download "$package") || return
    rm -rf "$place.part"
    mkdir "$place.part"
    dpkg -x "$apt/$package"/*.deb "$place.part" || return
    dpkg-deb -f "$apt/$package"/*.deb Version >"$place.part/VERSION" || return
    rm -rf "$place" "${apt:?}/$package"
    mv "$place.part" "$place"
}

here=()
for engine in "${engines[@]}"; do
    read -r package suite program <<<"$engine"
    name=$package-$suite
    # `fetch` stands in a condition, where errexit is off: hence its own `|| return`s.
    if [ -x "$dir/$name/$program" ] || fetch "$package" "$suite" >"$dir/$name.log" 2>&1; then
        rm -f "$dir/$name.log"
        here+=("$name")
        echo "$name $(cat "$dir/$name/VERSION") $dir/$name/$program"
    else
        echo "$name: not to be had, $dir/$name.log says why" >&2
    fi
done
# The lists are large and old by the next run; a complete DIR needs none.
rm -rf "$dir/apt"

has() { [[ " ${here[*]-} " == *" $1"* ]]; }
if [ "${CI:-}" = true ] && ! { has "prometheus-bookworm " && has "prometheus-forky " && has victoria-metrics-; }; then
    echo "backends: a required engine is missing" >&2
    exit 1
fi
