# The console's page, which a binary carries if it was built before. Sourced after say.sh.
# shellcheck shell=bash

# has_node: whether the console can be built here. Debian 13 has 20.19, which builds it; Vite wants no less, and
# Debian 12 has 18.20.
has_node() {
  have npm && have node &&
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
}

# need_node: Debian's, where it is new enough. Wants debian.sh.
need_node() {
  has_node && return
  local offered
  offered=$(apt-cache policy nodejs 2>/dev/null | sed -n 's/^ *Candidate: //p')
  have dpkg && dpkg --compare-versions "${offered:-0}" ge 20.19 && need_debian node=nodejs npm=npm && has_node
}

# build_console: leaves a page alone that is newer than its sources; a new one is a new binary.
build_console() {
  local page=console/dist/index.html newer
  if [[ -s $page ]]; then
    # The editor of connection details is made of their schema.
    newer=$(find console schemas/connection-details.json -path console/dist -prune -o -path console/node_modules -prune -o \
      -type f -newer "$page" -print -quit)
    [[ -n $newer ]] || return 0
  fi
  (cd console && npm ci --no-fund --no-audit --loglevel=error && npm run --silent build -- --logLevel=warn) &&
    [[ -s $page ]]
}
