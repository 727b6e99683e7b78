"""Sweeps: a plan of settings and seeds as independent tasks, on this machine or on a Ray cluster.

A task is plain text in, plain text out, and its result is a file named after what was asked. So it
does not matter who runs it, or how often: nothing is lost when a worker dies, and a result that
arrives twice is one file. The merged dataset is the same bytes for every engine and the command
line.

``python -m seawall.sweep plan.toml [--out DIR] [--ray ADDRESS]``
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from .. import _seawall

Job = tuple[int, int]


def sweep(
    plan: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Runs a plan and returns what ``sweep.json`` says.

    ``engine`` is ``"local"`` (processes of this machine, ``workers`` of them) or ``"ray"`` (the cluster
    at ``address``, or the one this process is already connected to). ``out`` is the directory of the
    results, ``sweeps/<plan>`` if not given: ``results/`` has a file per finished run, ``dataset/``
    the Parquet dataset. A sweep that was stopped goes on where it was. ``progress`` is called with
    the number of finished runs and of all.

    Raises :class:`seawall.InputError` for a plan that is refused, and :class:`RuntimeError` with the
    first message if runs failed; finished ones are kept.
    """
    out = Path(out) if out is not None else Path("sweeps") / Path(plan).stem
    tasks = _seawall.Sweep(os.fspath(plan), os.fspath(out))
    jobs = tasks.jobs()
    waiting = [job for job in jobs if not tasks.is_finished(*job)]
    done = len(jobs) - len(waiting)
    failures: list[str] = []
    for job, answer, error in _engine(engine, workers, address)(tasks, waiting):
        if error is None:
            tasks.keep(*job, answer)
            done += 1
        else:
            failures.append(f"point {job[0]}, seed {job[1]}: {error}")
        if progress is not None:
            progress(done, len(jobs))
    merged = json.loads(tasks.merge())
    if failures:
        raise RuntimeError(f"{len(failures)} runs failed; the others are kept. {failures[0]}")
    return merged


Answers = Iterator[tuple[Job, str | None, str | None]]


def _engine(
    name: str, workers: int | None, address: str | None
) -> Callable[[_seawall.Sweep, list[Job]], Answers]:
    if name == "local":
        return lambda tasks, jobs: _local(tasks, jobs, workers)
    if name == "ray":
        return lambda tasks, jobs: _ray(tasks, jobs, address)
    raise ValueError(f"engine is {name!r}, expected 'local' or 'ray'")


def _local(tasks: _seawall.Sweep, jobs: list[Job], workers: int | None) -> Answers:
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_seawall.answer, tasks.question(*job)): job for job in jobs}
        for future in as_completed(futures):
            error = future.exception()
            if error is None:
                yield futures[future], future.result(), None
            else:
                yield futures[future], None, str(error)


def _ray(tasks: _seawall.Sweep, jobs: list[Job], address: str | None) -> Answers:
    import ray

    if not ray.is_initialized():
        ray.init(address=address)
    # A task whose node dies is run again, as often as it takes: it has no effect but its answer.
    # Ray's default strategy packs: it left the second of two nodes idle after its first tasks.
    remote = ray.remote(max_retries=-1, scheduling_strategy="SPREAD")(_answer)
    running = {remote.remote(tasks.question(*job)): job for job in jobs}
    while running:
        ready, _ = ray.wait(list(running), num_returns=1)
        for reference in ready:
            job = running.pop(reference)
            try:
                yield job, ray.get(reference), None
            except ray.exceptions.RayError as error:
                yield job, None, str(error)


def _answer(question: str) -> str:
    return _seawall.answer(question)


def main(arguments: list[str] | None = None) -> int:
    """The command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m seawall.sweep", description=__doc__)
    parser.add_argument("plan", help="the plan, a TOML file")
    parser.add_argument("--out", help="directory of the results; sweeps/<plan> if not given")
    parser.add_argument("--workers", type=int, help="processes at a time; one per core if not given")
    parser.add_argument("--ray", metavar="ADDRESS", help="run on the Ray cluster at this address")
    args = parser.parse_args(arguments)
    engine = "ray" if args.ray else "local"

    def show(done: int, of: int) -> None:
        print(f"\r{done} of {of} runs", end="", file=sys.stderr, flush=True)

    try:
        merged = sweep(
            args.plan,
            args.out,
            engine=engine,
            workers=args.workers,
            address=args.ray,
            progress=show if sys.stderr.isatty() else None,
        )
    except _seawall.InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    json.dump(merged, sys.stdout)
    print()
    return 0
