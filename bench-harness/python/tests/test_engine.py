"""An engine driven by hand."""

import pytest

from seawall import Engine, InputError

MANY = 1_000_000_000_000_000


@pytest.fixture
def engine():
    engine = Engine()
    for account in (1, 2, 3):
        engine.deposit(account, MANY)
    engine.mark(50_000)
    return engine


def names(events):
    return [event["event"] for event in events]


def test_two_orders_meet_and_the_queue_knows_its_places(engine):
    engine.order(1, 101, "sell", 5, 50_010)
    engine.order(2, 102, "sell", 7, 50_010)
    assert engine.queue_ahead(101) == (0, 0)
    assert engine.queue_ahead(102) == (1, 5)
    assert engine.depth("sell") == [(50_010, 12)]
    events = engine.order(3, 103, "buy", 6, 50_010, kind="ioc")
    trades = [event for event in events if event["event"] == "trade"]
    assert [trade["qty"] for trade in trades] == [5, 1]
    assert engine.queue_ahead(101) is None
    assert engine.queue_ahead(102) == (0, 0)
    assert [engine.position_lots(account) for account in (1, 2, 3)] == [-5, -1, 6]
    assert engine.conservation_error() == 0


def test_a_rejection_is_an_event(engine):
    events = engine.cancel(1, 999)
    assert names(events) == ["rejected"]
    assert events[0]["reason"] == "unknown-order"


def test_impossible_arguments_are_refused(engine):
    for call in (
        lambda: engine.order(1, 1, "hold", 1, 50_000),
        lambda: engine.order(1, 1, "buy", 0, 50_000),
        lambda: engine.order(1, 1, "buy", 1, 0),
        lambda: engine.order(1, 1, "buy", 1),
        lambda: engine.order(1, 1, "buy", 1, 50_000, kind="market"),
        lambda: engine.order(1, 1, "buy", 1, 50_000, kind="iceberg"),
        lambda: engine.mark(0),
        lambda: engine.depth("both"),
        lambda: engine.depth("buy", symbol=9),
        lambda: engine.queue_ahead(1, symbol=9),
        lambda: engine.position_lots(1, symbol=9),
        lambda: engine.position_lots(1 << 31),
    ):
        with pytest.raises(InputError, match="expected|has"):
            call()
    engine.time_ns = 10
    with pytest.raises(InputError, match="expected at least 10"):
        engine.time_ns = 9
