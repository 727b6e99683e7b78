"""Liquidation cascades through a real matching engine, measured.

>>> import seawall
>>> run = seawall.run("flash-crash", seed=1, paired=False)
>>> run.summary["liquidation"]["accounts_triggered"]  # doctest: +SKIP
4079
>>> import polars
>>> polars.DataFrame(run.timeline).columns[:3]  # doctest: +SKIP
['time_ns', 'phase', 'mark_ticks']

Times are virtual nanoseconds, prices ticks, quantities lots, amounts money units, unless a key says
otherwise; the same scenario and seed give the same ``events_hash`` as the command line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import _seawall
from ._queue_study import QueueStudy, queue_study
from ._seawall import Engine, InputError, __version__
from ._settings import sets
from .sweep import sweep

__all__ = [
    "Engine",
    "InputError",
    "QueueStudy",
    "Run",
    "__version__",
    "queue_study",
    "run",
    "scenarios",
    "sweep",
    "validate",
    "venues",
]


class Run:
    """A finished run.

    ``summary`` is ``summary.json`` as a dict. Tables are Arrow record batches, which polars, pandas,
    pyarrow and duckdb read without copying: ``polars.DataFrame(run.timeline)``.
    """

    def __init__(self, inner: _seawall.Run) -> None:
        self._inner = inner
        self.summary: dict[str, Any] = json.loads(inner.summary_json())

    @property
    def events_hash(self) -> str:
        """Hash of every event of the run, 32 hexadecimal digits."""
        return self.summary["events_hash"]

    @property
    def scenario(self) -> str:
        """The resolved scenario as TOML: running it again gives the same run."""
        return self._inner.scenario_toml()

    @property
    def tables(self) -> dict[str, Any]:
        """Every table by name."""
        return {name: self._inner.table(name) for name in self._inner.table_names()}

    @property
    def timeline(self) -> Any:
        """The market on a fixed grid: one row per sample, 22 columns."""
        return self._inner.table("timeline")

    @property
    def liquidations(self) -> Any:
        """One row per liquidated position, from its trigger to flat."""
        return self._inner.table("liquidations")

    @property
    def deleverages(self) -> Any:
        """One row per auto-deleveraging."""
        return self._inner.table("deleverages")

    @property
    def fund(self) -> Any:
        """One row per change of the insurance fund's cash."""
        return self._inner.table("fund")

    def __repr__(self) -> str:
        said = self.summary
        return f"<Run of {said['scenario']}, seed {said['seed']}, events {said['events_hash']}>"


def run(
    scenario: str = "flash-crash",
    *,
    seed: int | None = None,
    venue: str | None = None,
    paired: bool = True,
    progress: Callable[[float], None] | None = None,
    settings: Mapping[str, Any] | None = None,
    **overrides: Any,
) -> Run:
    """Runs one cascade in virtual time.

    ``scenario`` is an embedded name (see :func:`scenarios`) or the path of a TOML file. Any key of it
    can be set: ``settings={"liquidation.discipline": "fifo"}``, or as a keyword with two underscores
    for the dot, ``liquidation__discipline="fifo"``. ``venue`` lays a venue's rules over it: a name (see :func:`venues`) or
    the path of a TOML file. ``paired`` also runs it without liquidations, for
    ``drawdown_ratio``. ``progress`` is called with the part done, 0 to 1. The interpreter's lock is
    given up meanwhile, and Ctrl-C ends the run.

    Raises :class:`InputError` for what the command line refuses, with the same message.
    """
    keys = sets(settings, overrides)
    return Run(_seawall.run(scenario, keys, seed, venue, paired, progress))


def scenarios() -> dict[str, str]:
    """The embedded scenarios by name, and what each shows."""
    return dict(_seawall.scenarios())


def venues() -> dict[str, str]:
    """The embedded venues by name, and what the rules of each are."""
    return dict(_seawall.venues())


def validate(names: str | Iterable[str] = (), *, deep: bool = False) -> list[dict[str, Any]]:
    """Drives the real queues with classical flows and compares with theory.

    Returns a row per comparison: ``name, source, expected, measured, half_width, n, verdict``. Without
    ``names`` every test runs, which takes about a minute.
    """
    names = [names] if isinstance(names, str) else list(names)
    return json.loads(_seawall.validate(names, deep))
