"""A bill of materials in CycloneDX 1.5: the program and every crate in it, with the checksum of its
archive. Without a serial number and with the commit's time, so that it can be made again.

    sbom.py VERSION BINARY OUT
"""

import datetime
import hashlib
import json
import os
import sys
from pathlib import Path

from crates import checksums, linked, metadata


def purl(crate: dict) -> str:
    return f"pkg:cargo/{crate['name']}@{crate['version']}"


def component(crate: dict, sums: dict[tuple[str, str], str]) -> dict:
    checksum = sums.get((crate["name"], crate["version"]))
    found = {
        "type": "library",
        "bom-ref": purl(crate),
        "name": crate["name"],
        "version": crate["version"],
        "description": (crate["description"] or "").strip(),
        "licenses": [{"expression": crate["license"].replace("/", " OR ")}],
        "purl": purl(crate),
        "scope": "required",
    }
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if crate["source"] is None:
        # Ours, made of the published one: vendor/README.md says of what and how.
        origin = {"type": "library", "name": crate["name"], "version": crate["version"], "purl": purl(crate)}
        found["pedigree"] = {"ancestors": [origin], "notes": f"changed: vendor/{crate['name']} of this release"}
    return found


def main() -> None:
    version, binary, out = sys.argv[1:]
    program, crates, needs = linked(metadata())
    sums = checksums()
    by_id = {it["id"]: it for it in [program, *crates]}
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    time = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    digest = hashlib.sha256(Path(binary).read_bytes()).hexdigest()
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": purl(program),
                "name": program["name"],
                "version": version,
                "licenses": [{"expression": program["license"]}],
                "purl": purl(program),
                "hashes": [{"alg": "SHA-256", "content": digest}],
            },
        },
        "components": [component(it, sums) for it in crates],
        "dependencies": [
            {"ref": purl(by_id[it]), "dependsOn": sorted(purl(by_id[dep]) for dep in deps)}
            for it, deps in sorted(needs.items(), key=lambda it: purl(by_id[it[0]]))
        ],
    }
    missing = [it["name"] for it in bom["components"] if not it.keys() & {"hashes", "pedigree"}]
    assert not missing, f"not in Cargo.lock: {missing}"
    Path(out).write_text(json.dumps(bom, indent=2, sort_keys=True) + "\n")
    print(f"    {len(crates)} components")


main()
