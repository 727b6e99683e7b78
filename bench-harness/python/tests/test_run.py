"""Runs from Python are the command line's runs."""

import json
import threading

import polars
import pyarrow
import pytest

import seawall


def test_the_same_scenario_and_seed_give_the_hash_of_the_command_line(
    command_line, small, tmp_path
):
    sets = [f"--set={key}={value}" for key, value in small.items()]
    out = tmp_path / "run"
    said = command_line("run", "--json", "--quiet", "--no-paired", "--seed", 7, "--out", out, *sets)
    assert said.returncode == 0, said.stderr
    ours = seawall.run("flash-crash", seed=7, paired=False, settings=small)
    assert ours.events_hash == json.loads(said.stdout)["events_hash"]
    other = seawall.run("flash-crash", seed=8, paired=False, settings=small)
    assert ours.events_hash != other.events_hash


def test_a_resolved_scenario_runs_the_same_again(small, tmp_path):
    first = seawall.run(seed=3, paired=False, settings=small)
    path = tmp_path / "mine.toml"
    path.write_text(first.scenario)
    assert seawall.run(str(path), paired=False).events_hash == first.events_hash


def test_tables_are_arrow_for_polars_and_pandas(small):
    run = seawall.run(paired=False, settings=small)
    timeline = polars.DataFrame(run.timeline)
    assert timeline["time_ns"].is_sorted() and timeline.height > 100
    liquidations = pyarrow.record_batch(run.liquidations)
    closed = run.summary["liquidation"]["accounts_closed"]
    assert 0 < closed <= liquidations.num_rows
    frame = liquidations.to_pandas()
    assert (frame["end_ns"] >= frame["trigger_ns"]).all()
    assert set(run.tables) == {"timeline", "liquidations", "deleverages", "fund"}


def test_settings_are_keywords_too(small):
    small = {key.replace(".", "__"): value for key, value in small.items()}
    run = seawall.run(paired=False, **small, liquidation__enabled=False)
    assert run.summary["liquidation"]["accounts_triggered"] == 0


def test_what_the_command_line_refuses_is_refused_with_its_words(command_line, tmp_path):
    said = command_line("run", "--set=makers.level=3", "--out", tmp_path / "run")
    assert said.returncode == 2
    with pytest.raises(seawall.InputError) as refused:
        seawall.run(settings={"makers.level": 3})
    assert str(refused.value) in said.stderr
    with pytest.raises(ValueError, match="did you mean `flash-crash`"):
        seawall.run("flash-crsh")


def test_progress_is_told_and_may_end_the_run(small):
    told = []
    seawall.run("flash-crash", paired=True, progress=told.append)
    assert told == sorted(told) and 0 <= told[0] and told[-1] <= 1

    def enough(_part):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seawall.run("flash-crash", progress=enough)


def test_the_interpreter_goes_on_while_a_run_does(small):
    counted, over = [0], threading.Event()

    def count():
        while not over.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        before = counted[0]
        seawall.run("flash-crash", paired=False)
        assert counted[0] > before
    finally:
        over.set()
        thread.join()


def test_scenarios_have_a_name_and_a_line():
    known = seawall.scenarios()
    assert "flash-crash" in known and all(known.values())


def test_a_venues_rules_are_the_command_lines(command_line, small, tmp_path):
    sets = [f"--set={key}={value}" for key, value in small.items()]
    arguments = ("--venue", "deribit", "--no-paired", "--json", "--quiet", "--out", tmp_path / "run")
    said = command_line("run", *arguments, *sets)
    assert said.returncode == 0, said.stderr
    ours = seawall.run(venue="deribit", paired=False, settings=small)
    assert ours.events_hash == json.loads(said.stdout)["events_hash"]
    assert ours.events_hash != seawall.run(paired=False, settings=small).events_hash
    assert len(seawall.venues()) == 11 and "deribit" in seawall.venues()
    with pytest.raises(seawall.InputError, match="did you mean"):
        seawall.run(venue="deribti")
