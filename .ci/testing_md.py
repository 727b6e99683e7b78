#!/usr/bin/env python3
"""Puts a table that a command has printed into docs/TESTING.md, between its two marks.

Usage: testing_md.py NAME FILE
"""

import datetime
import pathlib
import platform
import re
import sys


def machine():
    """What it ran on: the processor's name and how many of them."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.machine()


def main():
    name, file = sys.argv[1:]
    page = pathlib.Path(__file__).parent.parent / "docs" / "TESTING.md"
    table = pathlib.Path(file).read_text().strip()
    when = datetime.date.today().isoformat()
    text, count = re.subn(
        rf"(<!-- {name}, written by [^>]*-->\n).*?(<!-- end of {name} -->)",
        lambda marks: f"{marks[1]}\n{table}\n\n{when}, {machine()}.\n\n{marks[2]}",
        page.read_text(),
        flags=re.DOTALL,
    )
    if count != 1:
        sys.exit(f"{page} has no place for {name}")
    page.write_text(text)


main()
