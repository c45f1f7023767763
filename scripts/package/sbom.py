"""A bill of materials in CycloneDX 1.5: the program and everything in it, crates with the checksum of their
archive, and what it was compiled by. Without a serial number and with the commit's time, so that it can be
made again.

    sbom.py VERSION BINARY OUT
"""

import datetime
import hashlib
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote

import beside
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


def of_page(package: dict) -> dict:
    """An npm package in the console's page."""
    name = f"pkg:npm/{quote(package['name'])}@{package['version']}"
    return {
        "type": "library",
        "bom-ref": name,
        "name": package["name"],
        "version": package["version"],
        "licenses": [{"expression": package["license"]}],
        "purl": name,
        "scope": "required",
        "hashes": [{"alg": "SHA-512", "content": package["sha512"]}],
    }


def of_toolchain(it: dict) -> dict:
    """What the compilers link in, which has no archive to be named by."""
    name = f"pkg:generic/{it['name']}@{it['version']}"
    found = {
        "type": "library",
        "bom-ref": name,
        "name": it["name"],
        "version": it["version"],
        "licenses": [{"expression": it["license"]}],
        "purl": name,
        "scope": "required",
    }
    if "cpe" in it:
        found["cpe"] = it["cpe"]
    if "package" in it:
        found["properties"] = [{"name": "found-as", "value": it["package"]}]
    return found


def bill(version: str, binary: Path, page: Path = beside.PAGE) -> dict:
    program, crates, needs = linked(metadata())
    sums = checksums()
    by_id = {it["id"]: it for it in [program, *crates]}
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    time = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    digest = hashlib.sha256(binary.read_bytes()).hexdigest()
    rust = beside.compiler()
    of_crates = [component(it, sums) for it in crates]
    missing = [it["name"] for it in of_crates if not it.keys() & {"hashes", "pedigree"}]
    assert not missing, f"not in Cargo.lock: {missing}"
    others = [of_page(it) for it in beside.packages(page)]
    others += [of_toolchain(it) for it in (beside.standard_library(), *beside.linked_libraries())]
    dependencies = {purl(by_id[it]): sorted(purl(by_id[dep]) for dep in deps) for it, deps in needs.items()}
    dependencies[purl(program)] += sorted(it["bom-ref"] for it in others)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": "rustc",
                        "version": rust["release"],
                        "properties": [{"name": it, "value": rust[it]} for it in ("commit-hash", "LLVM version")],
                    }
                ]
            },
            "properties": [{"name": "host", "value": rust["host"]}],
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
        "components": of_crates + others,
        "dependencies": [{"ref": it, "dependsOn": deps} for it, deps in sorted(dependencies.items())],
    }


if __name__ == "__main__":
    version, binary, out = sys.argv[1:]
    bom = bill(version, Path(binary))
    Path(out).write_text(json.dumps(bom, indent=2, sort_keys=True) + "\n")
    print(f"    {len(bom['components'])} components")
