"""The queue-position study: what a place in the queue is worth while a cascade runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _seawall
from ._settings import sets


class QueueStudy:
    """A finished study.

    ``answers`` is ``queue.json`` as a dict: every number with its 95 % interval over seeds. Tables are Arrow
    record batches, which polars, pandas, pyarrow and duckdb read without copying:
    ``polars.DataFrame(study.probes)``. Times are virtual nanoseconds, prices ticks, quantities lots. In
    every table ``phase`` is 0 calm, 1 onset, 2 peak, 3 recovery, 4 the eve (calm, but so late that wait and
    mark-out reach into the shock), and ``absorbs`` says whether forced orders trade against that side.
    """

    def __init__(self, inner: _seawall.QueueStudy) -> None:
        self._inner = inner
        self.answers: dict[str, Any] = json.loads(inner.answers_json())

    @property
    def scenario(self) -> str:
        """The resolved scenario of the first seed as TOML."""
        return self._inner.scenario_toml()

    @property
    def tables(self) -> dict[str, Any]:
        """Every table by name."""
        return {name: self._inner.table(name) for name in self._inner.table_names()}

    @property
    def probes(self) -> Any:
        """One row per probe, 23 columns.

        Where it stood (``level`` from 0, ``rank_percent`` 0 front to 100 back, ``orders_ahead``,
        ``lots_ahead``), how it ended (``end``: 0 filled, 1 moved away, 2 crossed, 3 waiting at the horizon,
        4 not observed) after ``wait_ns``, what moved it (``by_trades`` … in lots), and the mid less the price
        1 s, 10 s, 60 s after its fill in ticks, positive for a gain (``mark_out_1s`` …; null if unknown).
        """
        return self._inner.table("probes")

    @property
    def late(self) -> Any:
        """Probes that joined ``delay_ns`` after their place was chosen; columns as in ``probes``."""
        return self._inner.table("late")

    @property
    def orders(self) -> Any:
        """The market's own orders that joined the best queue; columns as in ``probes``, ``end`` 5 if cancelled."""
        return self._inner.table("orders")

    @property
    def estimates(self) -> Any:
        """One row per shadow order and model of queue position: its error in lots, and what it said of the fill."""
        return self._inner.table("estimates")

    def __repr__(self) -> str:
        said = self.answers
        return f"<QueueStudy of {said['scenario']}, {said['seeds']} seeds, {said['probes']} probes>"


def queue_study(
    scenario: str = "large-tick",
    *,
    seeds: int = 24,
    seed: int | None = None,
    settings: Mapping[str, Any] | None = None,
    levels: Sequence[int] = (0, 1, 2),
    ranks: Sequence[int] = (0, 25, 50, 75, 100),
    every_ms: int = 250,
    horizon_s: float = 10.0,
    away_ticks: int = 3,
    loads: Sequence[int] = (1, 4, 8, 12),
    lots: Sequence[int] = (1, 100, 1000),
    instants: int = 2,
    progress: Callable[[str, int, int], None] | None = None,
    **overrides: Any,
) -> QueueStudy:
    """Studies queue position in cascades, as ``seawall queue`` does and with its defaults.

    Runs ``scenario`` for ``seeds`` seeds from ``seed`` on, and replays each with probes of no size at ``levels``
    (prices from the best, 0) and ``ranks`` (places in hundredths, 0 the front, 100 the back) of both sides, every
    ``every_ms`` milliseconds; a wait is cut after ``horizon_s`` seconds, a probe left behind when its side's
    best price is ``away_ticks`` better than it was. ``loads`` are multiples of the service time at which fill
    rates are asked for again; ``lots`` and ``instants`` are the sizes, and the instants in calm and peak, of
    orders of real size that are paired with a run without them. ``settings`` and keywords are as for
    :func:`seawall.run`. The default takes minutes on two cores: it uses all of them, without the interpreter's
    lock, and Ctrl-C ends it within a run. ``progress`` is called with what is being done (``"cascades"``,
    ``"loads"``, ``"pairs"``), how many are done, and of how many.

    Raises :class:`seawall.InputError` for what the command line refuses, with the same message.
    """
    asked = {
        "seeds": seeds,
        "levels": list(levels),
        "ranks": list(ranks),
        "every_ms": every_ms,
        "horizon_s": horizon_s,
        "away_ticks": away_ticks,
        "loads": list(loads),
        "lots": list(lots),
        "instants": instants,
    }
    keys = sets(settings, overrides)
    return QueueStudy(_seawall.queue_study(scenario, keys, seed, json.dumps(asked), progress))
