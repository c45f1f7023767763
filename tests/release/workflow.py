"""The workflows: nothing of strangers that is not pinned, no claim that no step keeps, and the release
tested where its steps can run. Plain text is looked at; nothing here knows their language."""

import re
from pathlib import Path


def jobs(text: str) -> dict[str, str]:
    _, _, rest = text.partition("\njobs:\n")
    parts = re.split(r"^  (\w+):\n", rest, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def check(name: str, text: str) -> None:
    # Comments say why; they run nothing.
    text = re.sub(r"(^|\s)#.*", "", text)
    # A builder or an emulator is an image of strangers as well, and these run with all rights.
    for words in ("docker run", "buildx create", "--sbom", "--provenance", "docker/setup-"):
        assert words not in text, f"{name}: {words} fetches an image that nothing pins"
    for image in re.findall(r"\bimage: (\S.*)", text):
        is_pinned = re.search(r"@sha256:[0-9a-f]{64}$", image) or image == "${{ needs.bases.outputs.rust }}"
        assert is_pinned, f"{name}: the image {image} is not pinned"
    for job, body in jobs(text).items():
        signs = "uses: actions/attest-" in body
        for right in ("id-token", "attestations"):
            assert (f"{right}: write" in body) == signs, f"{name}: {job} may sign and does not, or the reverse"
        if "gh release create" in body:
            assert "matrix:" not in body and body.count("gh release create") == 1, f"{name}: {job} drafts it twice"
        if "./release.sh" in body:
            # As root, in a Debian: its steps install packages, enter roots and boot one.
            assert "options: --privileged" in body, f"{name}: the tests of {job} would be skipped, and so fail"
            assert ": write" not in body, f"{name}: {job} runs everything, and may write"
            # The step unit is skipped without it.
            assert re.search(r"apt-get install .* systemd\b", body), f"{name}: {job} has no systemd to verify the unit"
            untested, tested = body.count("--untested"), body.count("./test.sh ")
            assert untested == tested and body.count("./release.sh") > untested, f"{name}: {job} releases without tests"


def main() -> None:
    workflows = {it.name: it.read_text() for it in Path(".github/workflows").glob("*.yml")}
    for name, text in workflows.items():
        check(name, text)
    release = workflows["release.yml"]
    assert "scripts/image/pin.sh --check" in jobs(release)["bases"], "release.yml: the job bases does not look"
    assert not Path("Dockerfile").read_text().startswith("# syntax="), "Dockerfile: another image reads it, unpinned"
    assert '--build-arg REVISION="$GITHUB_SHA"' in jobs(release)["image"], "release.yml: the image is not told its commit"
    variables = set(re.findall(r"\bvars\.(\w+)", release))
    for it in variables:
        assert f"`{it}`" in Path("CONTRIBUTING.md").read_text(), f"CONTRIBUTING.md does not say what {it} is"
    for wrong in (
        ("docker build ", "docker run x; docker build "),
        ("    needs: bases\n", "    needs: bases\n    permissions:\n      id-token: write\n"),
        ("uses: actions/attest-build", "uses: actions/other-build"),
        ("image: ${{ needs.bases.outputs.rust }}", "image: rust:1.95.0-slim-bookworm"),
        ("      options: --privileged\n", ""),
        (" systemd\n", "\n"),
        ('          ./test.sh "${options[@]}"\n', ""),
        ("docker push ", "gh release create x; docker push "),
    ):
        assert wrong[0] in release, wrong
        try:
            check("release.yml", release.replace(*wrong))
        except AssertionError:
            continue
        raise SystemExit(f"{wrong[1]!r} in release.yml is not noticed")
    print(f"    {len(workflows)} workflows run nothing of strangers that is not pinned")


main()
