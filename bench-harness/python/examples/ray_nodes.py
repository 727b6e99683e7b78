"""What a sweep gains by a second Ray node, and what Ray costs over this machine's own processes.

``python bench-harness/python/examples/ray_nodes.py plan.toml [--sittings 5]``

Every sitting runs the plan four times, each time into a new directory: by one and by two processes
(``engine="local"``), on a cluster of one node and of two (``engine="ray"``, one CPU each, all on this
machine). Starting a cluster, and a worker that has loaded the package on each of its nodes, is timed
apart; the processes of the local engine start within its time. ``task`` is the time from the first
result to the last, over the results between: no start is in it. ``cores`` is how many cores of the
machine were busy, whoever kept them so: what goes beyond 1 or 2 were others.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import ray
from ray.cluster_utils import Cluster

import seawall

KINDS = [("local", 1), ("local", 2), ("ray", 1), ("ray", 2)]
QUIET_CORES = 0.15
QUIET_SECONDS = 0.7


class Timed(NamedTuple):
    """One sweep, in seconds; ``start`` is that of its cluster."""

    start: float
    whole: float
    task: float
    cores: float


def busy_seconds() -> float:
    """CPU seconds that all processes of the machine have used since it started."""
    numbers = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet(limit_seconds: float) -> bool:
    """Waits until the machine has nothing else to do; false if it did not come to that."""
    end = time.monotonic() + limit_seconds
    while time.monotonic() < end:
        before = busy_seconds()
        time.sleep(QUIET_SECONDS)
        if busy_seconds() - before < QUIET_CORES * QUIET_SECONDS:
            return True
    return False


@contextmanager
def cluster(nodes: int):
    """A cluster of so many nodes of one CPU, each with a worker that has loaded the package."""
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        for _ in range(nodes - 1):
            made.add_node(num_cpus=1)
        ray.init(address=made.address, log_to_driver=False)
        # With one CPU a node, tasks that overlap are on different nodes: what is timed has them all.
        places = ray.get([ray.remote(_load).remote() for _ in range(nodes)])
        if len(set(places)) != nodes:
            raise RuntimeError(f"{len(set(places))} of {nodes} nodes took a task")
        yield
    finally:
        ray.shutdown()
        made.shutdown()


def _load() -> str:
    import seawall  # noqa: F401

    time.sleep(1)
    return ray.get_runtime_context().get_node_id()


def timed_sweep(plan: str, out: Path, engine: str, workers: int) -> Timed:
    """Runs the plan and times it from the call to the merged dataset."""
    told = []
    busy, start = busy_seconds(), time.monotonic()
    seawall.sweep(
        plan,
        out,
        engine=engine,
        workers=workers,
        progress=lambda done, of: told.append(time.monotonic()),
    )
    whole = time.monotonic() - start
    cores = (busy_seconds() - busy) / whole
    return Timed(0.0, whole, (told[-1] - told[0]) / (len(told) - 1), cores)


def once(plan: str, out: Path, kind: tuple[str, int], wait_seconds: float) -> tuple[Timed, bool]:
    """One sweep of this kind, and whether the machine was quiet when it began."""
    engine, workers = kind
    if engine == "local":
        quiet = wait_for_quiet(wait_seconds)
        return timed_sweep(plan, out, engine, workers), quiet
    begun = time.monotonic()
    with cluster(workers):
        start = time.monotonic() - begun
        quiet = wait_for_quiet(wait_seconds)
        return timed_sweep(plan, out, engine, workers)._replace(start=start), quiet


def dataset(out: Path) -> dict[str, bytes]:
    """Every file of a sweep's dataset by its name."""
    files = (path for path in (out / "dataset").rglob("*") if path.is_file())
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def spread(numbers: list[float]) -> str:
    """Median and range."""
    return f"{median(numbers):.4g} ({min(numbers):.4g} to {max(numbers):.4g})"


def main() -> int:
    """Prints a line per sweep, then the medians; 1 if two datasets differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan")
    parser.add_argument("--sittings", type=int, default=5)
    parser.add_argument("--wait", type=float, default=30.0, help="seconds to wait for quiet")
    args = parser.parse_args()
    found: dict[tuple[str, int], list[Timed]] = {kind: [] for kind in KINDS}
    reference: dict[str, bytes] = {}
    same = 0
    for sitting in range(args.sittings):
        turn = sitting % len(KINDS)
        for kind in KINDS[turn:] + KINDS[:turn]:
            with tempfile.TemporaryDirectory() as directory:
                timed, quiet = once(args.plan, Path(directory), kind, args.wait)
                files = dataset(Path(directory))
            reference = reference or files
            same += bool(files) and files == reference
            found[kind].append(timed)
            print(
                f"{sitting} {kind[0]} {kind[1]}: start {timed.start:.1f} s, sweep {timed.whole:.2f} s, "
                f"task {timed.task * 1e3:.1f} ms, cores {timed.cores:.2f}"
                + ("" if quiet else ", others were running"),
                flush=True,
            )
    for kind, all_timed in found.items():
        print(f"{kind[0]} {kind[1]}: sweep {spread([timed.whole for timed in all_timed])} s, "
              f"start {spread([timed.start for timed in all_timed])} s")
    for engine in ("local", "ray"):
        pairs = zip(found[engine, 1], found[engine, 2])
        print(f"{engine}, two over one: {spread([one.whole / two.whole for one, two in pairs])} times")
    pairs = zip(found["local", 1], found["ray", 1])
    print(f"Ray over local, a task: {spread([(r.task - l.task) * 1e3 for l, r in pairs])} ms")
    print(f"datasets identical: {same} of {len(KINDS) * args.sittings}, {len(reference)} files")
    return 0 if same == len(KINDS) * args.sittings else 1


if __name__ == "__main__":
    sys.exit(main())
