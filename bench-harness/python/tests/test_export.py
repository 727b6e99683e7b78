"""Exported files, read by readers that share nothing with the writers."""

import csv
import json
import math
from collections import defaultdict
from decimal import Decimal
from heapq import nlargest, nsmallest

import numpy
import pytest


@pytest.fixture(scope="module")
def exported(command_line, small, tmp_path_factory):
    """A cascade of twenty seconds, its numbers, and what was exported of it."""
    place = tmp_path_factory.mktemp("exported")
    sets = [f"--set={key}={value}" for key, value in small.items()]
    said = command_line("run", "--json", "--quiet", "--no-paired", "--out", place / "run", *sets)
    assert said.returncode == 0, said.stderr
    wrote = command_line("export", place / "run", "--levels", 5, "--json")
    assert wrote.returncode == 0, wrote.stderr
    return place / "run", json.loads(said.stdout), json.loads(wrote.stdout)


def path_of(exported, kind):
    return next(file["path"] for file in exported[2]["files"] if file["kind"] == kind)


def rows(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


class Book:
    """A book as LOBSTER's page on its data words it, by order and by price."""

    def __init__(self):
        self.orders = {}
        self.levels = {1: defaultdict(int), -1: defaultdict(int)}

    def take(self, number, size, *, whole):
        direction, price, left = self.orders[number]
        assert size == left if whole else size <= left
        self.levels[direction][price] -= size
        if not self.levels[direction][price]:
            del self.levels[direction][price]
        self.orders[number] = (direction, price, left - size)
        if size == left:
            del self.orders[number]

    def message(self, kind, number, size, price, direction):
        if kind == 1:
            assert number not in self.orders
            self.orders[number] = (direction, price, size)
            self.levels[direction][price] += size
            return
        assert self.orders[number][:2] == (direction, price)
        self.take(number, size, whole=kind == 3)

    def row(self, levels):
        asks = nsmallest(levels, self.levels[-1].items()) + [(9_999_999_999, 0)] * levels
        bids = nlargest(levels, self.levels[1].items()) + [(-9_999_999_999, 0)] * levels
        pairs = zip(asks[:levels], bids[:levels])
        return [number for ask, bid in pairs for number in (*ask, *bid)]


def test_the_messages_of_lobster_give_its_book(exported):
    messages = rows(path_of(exported, "lobster-messages"))
    books = rows(path_of(exported, "lobster-book"))
    assert len(messages) == len(books) == exported[2]["records"] > 10_000
    book, kinds, before = Book(), defaultdict(int), Decimal(0)
    for line, (message, shown) in enumerate(zip(messages, books), 1):
        time, *numbers = message
        assert Decimal(time) >= before >= 0
        before = Decimal(time)
        kind, *numbers = map(int, numbers)
        kinds[kind] += 1
        book.message(kind, *numbers)
        assert list(map(int, shown)) == book.row(5), f"row {line}"
    assert 34_200 <= before < 34_220
    assert {1, 3, 4} <= set(kinds) <= {1, 2, 3, 4}
    assert kinds[4] == exported[1]["trades"]


def test_hftbacktests_events_say_the_same_as_lobsters(exported):
    with numpy.load(path_of(exported, "hftbacktest")) as archive:
        assert archive.files == ["data"]
        data = archive["data"]
    assert data.dtype.itemsize == 64
    kind = data["ev"] & 0xFF
    buys, sells = data["ev"] & (1 << 29) != 0, data["ev"] & (1 << 28) != 0
    assert (buys != sells).all()
    assert (numpy.diff(data["exch_ts"]) >= 0).all() and (data["local_ts"] > data["exch_ts"]).all()
    lobster = rows(path_of(exported, "lobster-messages"))
    ours = []
    for row, of in zip(data, kind):
        if of in (10, 11, 12, 13):
            side = 1 if row["ev"] & (1 << 29) else -1
            ours.append((int(of), int(row["order_id"]), side, round(row["px"] * 10_000), int(row["qty"])))
    left, expected = {}, []
    for _, kind_, number, size, price, direction in lobster:
        kind_, number, size, price, direction = map(int, (kind_, number, size, price, direction))
        about = (number, direction, price)
        left[number] = size if kind_ == 1 else left[number] - size
        if kind_ == 1:
            expected.append((10, *about, size))
        elif kind_ == 2:
            expected.append((12, *about, left[number]))
        elif kind_ == 3:
            expected.append((11, *about, size))
        else:
            expected.append((13, *about, size))
            expected.append((12 if left[number] else 11, *about, left[number]))
    assert ours == expected
    trades = data[kind == 2]
    assert len(trades) == exported[1]["trades"]


def test_hftbacktest_replays_the_events(exported):
    reason = "hftbacktest is not installed: its own reader is not asked"
    hftbacktest = pytest.importorskip("hftbacktest", reason=reason)
    from hftbacktest.data import validate_event_order
    from hftbacktest.types import event_dtype

    path = path_of(exported, "hftbacktest")
    data = numpy.load(path)["data"]
    assert data.dtype == event_dtype
    validate_event_order(data)
    asset = (
        hftbacktest.BacktestAsset()
        .data([path])
        .linear_asset(1.0)
        .constant_order_latency(1_000_000, 1_000_000)
        .l3_fifo_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(0.01)
        .lot_size(1.0)
        .last_trades_capacity(0)
    )
    backtest = hftbacktest.HashMapMarketDepthBacktest([asset])
    books = rows(path_of(exported, "lobster-book"))
    times = [round(Decimal(row[0]) * 10**9) for row in rows(path_of(exported, "lobster-messages"))]
    feed_ns = int(data["local_ts"][0] - data["exch_ts"][0])
    assert backtest.elapse(1) == 0, "the first step goes to the first event"
    for at in range(1, 19):
        until = 34_200 * 10**9 + at * 10**9
        assert backtest.elapse(until - int(backtest.current_timestamp)) == 0
        seen = max(n for n, time in enumerate(times) if time + feed_ns <= until)
        ask, ask_lots, bid, bid_lots = map(int, books[seen][:4])
        depth = backtest.depth(0)
        assert (depth.best_ask_tick, depth.best_bid_tick) == (ask // 100, bid // 100), at
        assert (depth.ask_qty_at_tick(ask // 100), depth.bid_qty_at_tick(bid // 100)) == (
            ask_lots,
            bid_lots,
        )
    backtest.close()


def value_at(interval, part):
    """The smallest value with that part of all at or below it, as HdrHistogram's Rust port counts."""
    wanted, seen = math.ceil(part * interval.get_total_count()), 0
    for step in interval.get_recorded_iterator():
        seen += step.count_at_value_iterated_to
        if seen >= wanted:
            return interval.get_highest_equivalent_value(step.value_iterated_to)
    raise AssertionError("an empty histogram")


def test_another_reader_reads_the_latency_log(exported):
    reason = "hdrhistogram is not installed: its log reader is not asked"
    histogram = pytest.importorskip("hdrh.histogram", reason=reason)
    from hdrh.log import HistogramLogReader

    run, summary, _ = exported
    reference = histogram.HdrHistogram(1, 3_600_000_000_000, 3)
    reader = HistogramLogReader(str(run / "latency.hlog"), reference)
    found = 0
    while (interval := reader.get_next_interval_histogram()) is not None:
        flow, measure = interval.get_tag().split(".")
        said = summary["latency_ns"].get(flow, {}).get(measure)
        if not said or not said["count"]:
            continue
        found += 1
        assert interval.get_total_count() == said["count"]
        for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)):
            assert value_at(interval, part) == said[name], (flow, measure, name)
    assert found >= 3


def test_another_reader_reads_the_latencies_of_a_bench(command_line, small, tmp_path):
    reason = "hdrhistogram is not installed: its log reader is not asked"
    histogram = pytest.importorskip("hdrh.histogram", reason=reason)
    from hdrh.log import HistogramLogReader

    sets = [f"--set={key}={value}" for key, value in small.items()]
    said = command_line("bench", "pipeline", *sets, "--rate", 100_000, "--threads", 1, "--no-preflight", "--quiet",
                        "--json", "--out", tmp_path / "latencies", "--samples")
    assert said.returncode == 0, said.stderr
    row = json.loads(said.stdout)["rows"][0]
    place = next(path for path in (tmp_path / "latencies").iterdir() if path.is_dir())
    reader = HistogramLogReader(str(place / "latency.hlog"), histogram.HdrHistogram(1, 3_600_000_000_000, 3))
    whole, starts = {}, defaultdict(list)
    while (interval := reader.get_next_interval_histogram()) is not None:
        tag = interval.get_tag()
        starts[tag].append(interval.get_start_time_stamp())
        if tag in whole:
            whole[tag].add(interval)
        else:
            whole[tag] = interval
    found = 0
    for tag, all_of_it in whole.items():
        flow, measure = tag.split(".")
        figures = row["latency_ns"][flow][measure]
        found += 1
        assert starts[tag] == sorted(starts[tag])
        assert all_of_it.get_total_count() == figures["count"], tag
        for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)):
            assert value_at(all_of_it, part) == figures[name], (tag, name)
    assert found >= 4 and len(starts["maker.order_to_ack"]) > 2
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: samples are not read")
    samples = parquet.read_table(place / "samples.parquet")
    acks = sum(figures["order_to_ack"]["count"] for flow in ("maker", "taker", "forced")
               if (figures := row["latency_ns"][flow]))
    assert samples.num_rows == acks and samples.schema.names[:2] == ["input", "flow"]
