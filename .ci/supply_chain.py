"""Holds Cargo.lock against deny.toml: bans, version floors, licences, sources.

Reads the same rules as `cargo deny check`, needs nothing but Python and cargo, and takes a second.
"""

import json
import re
import subprocess
import sys
import tomllib


def version(text):
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+")[0])[:3])


def allowed(expression, licences):
    """Whether an SPDX expression can be met with these licences; `AND` binds tighter than `OR`."""
    text = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|\bOR\b|\bAND\b|[^\s()]+(?: WITH [^\s()]+)?", text)
    words = {"(": "(", ")": ")", "OR": "or", "AND": "and"}
    python = " ".join(words.get(token, str(token in licences)) for token in tokens)
    return bool(eval(python, {"__builtins__": {}}))  # Only names made above are left in it.


def main():
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)
    metadata = json.loads(
        subprocess.check_output(
            ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
        )
    )
    wrong = []
    bans = [rule["crate"].split(":<") for rule in rules["bans"]["deny"]]
    for package in metadata["packages"]:
        name = f"{package['name']} {package['version']}"
        for ban in bans:
            if package["name"] != ban[0]:
                continue
            if len(ban) == 1:
                wrong.append(f"{name} is banned")
            elif version(package["version"]) < version(ban[1]):
                wrong.append(f"{name} has a published advisory, expected at least {ban[1]}")
        if not allowed(package["license"] or "none", rules["licenses"]["allow"]):
            wrong.append(f"{name} has licence {package['license']}, which deny.toml does not allow")
        source = package["source"] or "here"
        registry = "registry+https://github.com/rust-lang/crates.io-index"
        if source not in ("here", registry):
            wrong.append(f"{name} comes from {source}")
        # No build scripts of our own.
        kinds = [kind for target in package["targets"] for kind in target["kind"]]
        if source == "here" and "custom-build" in kinds:
            wrong.append(f"{name} has a build script")
    for line in wrong:
        print(line)
    if wrong:
        sys.exit(1)
    print(f"{len(metadata['packages'])} packages: no ban, floor, licence or source is broken")


main()
