#!/usr/bin/env python3
"""Counts instructions of the engine's hot paths and compares them with the table.

    .ci/instructions.py            compare; exit 1 if a count is off by more than its tolerance
    .ci/instructions.py --write    write the table anew, to be reviewed with the change

Counts are callgrind's, per operation, of `engine/examples/counted.rs` built for x86-64-v3. They do
not depend on the machine or its neighbours, but they do on the compiler: a count made by another
compiler than the table's is printed and not judged. A count that fell must be written down too, or
the gain could be lost again unseen.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, ".ci", "instructions.tsv")
TOLERANCE_PERCENT = 1.0


def compiler():
    return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def build():
    target = os.path.join(ROOT, "target", "counted")
    environment = dict(os.environ, RUSTFLAGS="-C target-cpu=x86-64-v3")
    # The shipped profile but for the link-time optimisation, which one crate does not need.
    environment.update(CARGO_PROFILE_RELEASE_LTO="off", CARGO_PROFILE_RELEASE_CODEGEN_UNITS="1",
                       CARGO_PROFILE_RELEASE_INCREMENTAL="false")
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "seawall-engine", "--example", "counted",
                    "--target-dir", target], cwd=ROOT, env=environment, check=True)
    return os.path.join(target, "release", "examples", "counted")


def count(binary, name):
    with tempfile.TemporaryDirectory() as scratch:
        run = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=*counted_region*",
                              f"--callgrind-out-file={scratch}/out", binary, name],
                             capture_output=True, text=True, check=True)
    operations = int(run.stdout)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if not collected or int(collected.group(1)) == 0:
        sys.exit(f"callgrind counted nothing for {name}:\n{run.stderr}")
    return int(collected.group(1)) / operations


def read_table():
    with open(TABLE, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    version = lines[0].removeprefix("# ")
    rows = [line.split("\t") for line in lines[2:] if line]
    return version, {name: float(value) for name, value in rows}


def write_table(version, counts):
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write(f"# {version}\nwork\tinstructions per operation\n")
        file.writelines(f"{name}\t{value:.1f}\n" for name, value in counts.items())


def main():
    if not shutil.which("valgrind"):
        print("SKIPPED: instruction counts: valgrind is not installed")
        return 0
    binary = build()
    names = subprocess.run([binary], capture_output=True, text=True, check=True).stdout.split()
    counts = {name: count(binary, name) for name in names}
    if "--write" in sys.argv[1:]:
        write_table(compiler(), counts)
        print(open(TABLE, encoding="utf-8").read(), end="")
        return 0
    version, expected = read_table()
    judged = version == compiler()
    off = []
    for name in sorted(set(counts) | set(expected)):
        have, want = counts.get(name), expected.get(name)
        if have is None or want is None:
            off.append(name)
            print(f"{name:24} {'not in the table' if want is None else 'in the table, but no such work'}")
            continue
        change = 100 * (have / want - 1)
        if abs(change) > TOLERANCE_PERCENT:
            off.append(name)
        print(f"{name:24} {have:9.1f} instructions per operation, {change:+.2f} % of {want:.1f}")
    if not judged:
        print(f"SKIPPED: not judged: the table was counted with {version}, this is {compiler()}")
        return 0
    if off:
        print(f"off by more than {TOLERANCE_PERCENT} %, or not the table's: {', '.join(off)}")
        print("if that is meant: .ci/instructions.py --write, and say why in the commit")
        return 1
    return 0


sys.exit(main())
