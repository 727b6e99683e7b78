"""What the tests share: the command line to compare with, and a cascade short enough for a test."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SMALL = {
    "clock.duration_ms": 20_000,
    "clock.warmup_ms": 500,
    "shock.start_ms": 4_000,
    "shock.sell_lots": 10_000,
    "shock.sell_duration_ms": 5_000,
    "shock.index_drop_after_ms": 1_000,
    "holders.longs": 1_500,
    "holders.shorts": 300,
}


@pytest.fixture(scope="session")
def small():
    return dict(SMALL)


@pytest.fixture(scope="session")
def command_line():
    """The program: SEAWALL names it, or one is built already, or the test is skipped by name."""
    root = Path(__file__).parents[3]
    found = os.environ.get("SEAWALL") or shutil.which("seawall")
    for profile in ("release", "debug"):
        built = root / "target" / profile / "seawall"
        found = found or (str(built) if built.exists() else None)
    if found is None:
        pytest.skip("the command line is not built: set SEAWALL to its path")

    def call(*arguments, **more):
        return subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, **more)

    return call


@pytest.fixture
def plan(tmp_path):
    """Two settings, three seeds."""
    text = "seeds = 3\n[set]\n"
    text += "".join(f'"{key}" = {value}\n' for key, value in SMALL.items())
    text += '[grid]\n"liquidation.discipline" = ["strict", "fifo"]\n'
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return path
