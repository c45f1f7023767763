#!/usr/bin/env bash
# The shell scripts (shellcheck) and the workflows (zizmor)
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/python.sh
python_env tools scripts/tools.txt || die "cannot install shellcheck and zizmor"

# Entry points only: what they source is checked with them, so that names are known.
mapfile -t entries < <(git ls-files -- '*.sh' .ci/run | while IFS= read -r file; do
  if head -n 1 "$file" | grep -q '^#!'; then printf '%s\n' "$file"; fi
done)
"$bin/shellcheck" --external-sources --check-sourced --source-path=. "${entries[@]}"
say "${#entries[@]} scripts"
"$bin/zizmor" --offline --quiet --no-progress .github/workflows
say "$(find .github/workflows -name '*.yml' | wc -l) workflows"
