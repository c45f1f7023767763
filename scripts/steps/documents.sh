#!/usr/bin/env bash
# The documents: links, examples against their schemas, commands, and that tables are fresh
set -euo pipefail
source scripts/lib/say.sh
source scripts/lib/debian.sh
source scripts/lib/mirror.sh
source scripts/lib/python.sh
python_env documents scripts/documents/requirements.txt || die "cannot install jsonschema"
python3 scripts/documents/tables.py --check
python3 scripts/documents/summary.py --check
python3 scripts/documents/sizing.py
build_mirror
"$bin/python" scripts/documents/check.py "$mirror"
python3 scripts/documents/commands.py "$mirror"
# Debian's packages where CI runs; elsewhere what is not there is said, and left out.
[[ ${CI:-} != true ]] || need_debian zsh=zsh fish=fish mandoc=mandoc man=man-db groff=groff
python3 scripts/documents/shells.py "$mirror"
