"""What a linter does not know: that the image runs as shipping.md wants it, and that everything a
build needs is let into it."""

import re
import tomllib
from pathlib import Path

import context
import yaml

dockerfile = Path("Dockerfile").read_text()
package = tomllib.loads(Path("Cargo.toml").read_text())["package"]
last = dockerfile[dockerfile.rindex("\nFROM ") :]
bare = re.sub(r"^#.*\n", "", last, flags=re.M)

for line in (
    "FROM scratch",
    "USER 65532:65532",
    "ENV MIRROR_LISTEN=0.0.0.0",
    "EXPOSE 9900 9901",
    'ENTRYPOINT ["/prometheus-mirror"]',
    'CMD ["serve"]',
    f"ARG VERSION={package['version']}",
):
    assert f"\n{line}\n" in bare + "\n", f"Dockerfile: no line {line!r} in the last stage"
assert "\nRUN " not in bare, "Dockerfile: nothing can run in an empty image"
assert '["/prometheus-mirror", "health"]' in bare, "Dockerfile: HEALTHCHECK"
labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", bare))
assert labels >= {"title", "description", "licenses", "version", "revision"}, labels
for text in ("LICENSE", "third-party-licenses.txt"):
    assert re.search(rf"{re.escape(text)}", dockerfile), f"Dockerfile: {text} is not in the image"
assert f'description="{package["description"]}"' in bare, "Dockerfile: description"
rust = re.search(r"_IMAGE=rust:(\d+\.\d+)", dockerfile)[1]
assert rust >= package["rust-version"], f"Dockerfile: Rust {rust}"

# A file that the build reads and .dockerignore keeps out breaks the build, and only there.
files = context.files()
needed = [it for it in files if it.startswith(("src/", "vendor/"))] + ["Cargo.toml", "Cargo.lock", "LICENSE"]
needed += re.findall(r"python3 (\S+\.py)", dockerfile) + ["scripts/package/crates.py", "scripts/package/beside.py", "console/package-lock.json"]
# What is compiled for tests alone is no matter of the image.
for source in [it for it in files if re.fullmatch(r"src/(?!fuzzing).*(?<!tests)\.rs", it)]:
    text = Path(source).read_text().split("#[cfg(test)]")[0]
    for included in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', text):
        path = (Path(source).parent / included).resolve()
        if path.is_relative_to(Path.cwd()):
            needed.append(str(path.relative_to(Path.cwd())))
for target in [package, *tomllib.loads(Path("Cargo.toml").read_text()).get("test", [])]:
    if "path" in target:
        needed.append(target["path"])
for path in needed:
    assert context.is_in(path) or path.startswith("console/dist"), f".dockerignore keeps {path} out"
for path in ("target/x", ".git/config", ".venv/x", "secrets/token", "console/node_modules/x", ".env"):
    assert not context.is_in(path), f".dockerignore lets {path} in"

compose = yaml.safe_load(Path("compose.yaml").read_text())
mirror = compose["services"]["mirror"]
assert mirror["read_only"] and mirror["cap_drop"] == ["ALL"]
assert "127.0.0.1:9901:9901" in mirror["ports"], "compose.yaml: the admin port is for this machine"
for config in compose["configs"].values():
    yaml.safe_load(Path(config["file"]).read_text())
print(f"    Dockerfile, .dockerignore ({len(needed)} files let in) and compose.yaml agree")
