# The console's page, which a binary carries if it was built before. Sourced after say.sh.
# shellcheck shell=bash

# has_node: whether the console can be built here.
has_node() { have npm && have node && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; }

# build_console: leaves a page alone that is newer than its sources; a new one is a new binary.
build_console() {
  local page=console/dist/index.html newer
  if [[ -s $page ]]; then
    newer=$(find console -path console/dist -prune -o -path console/node_modules -prune -o \
      -type f -newer "$page" -print -quit)
    [[ -n $newer ]] || return 0
  fi
  (cd console && npm ci --no-fund --no-audit --loglevel=error && npm run --silent build -- --logLevel=warn) &&
    [[ -s $page ]]
}
