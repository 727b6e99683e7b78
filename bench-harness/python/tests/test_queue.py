"""The queue-position study from Python is the command line's."""

import json

import polars
import pytest

import seawall

#: Some forty seconds of the coarse grid at a quarter of its size.
CASCADE = {
    "clock.duration_ms": 42_000,
    "shock.start_ms": 20_000,
    "shock.sell_duration_ms": 6_000,
    "shock.sell_lots": 5_000,
    "holders.longs": 3_000,
    "holders.shorts": 750,
    "makers.inventory_limit_lots": 750,
    "liquidation.fund_currency": 60_000,
}
ASKED = {
    "seeds": 2,
    "ranks": [0, 100],
    "levels": [0],
    "every_ms": 500,
    "horizon_s": 1.0,
    "loads": [4],
    "lots": [500],
    "instants": 1,
}


@pytest.fixture(scope="module")
def study():
    told = []
    study = seawall.queue_study(settings=CASCADE, **ASKED, progress=lambda *at: told.append(at))
    study.told = told
    return study


def test_the_answers_are_those_of_the_command_line(study, command_line, tmp_path):
    sets = [f"--set={key}={value}" for key, value in CASCADE.items()]
    options = []
    for name, value in ASKED.items():
        value = ",".join(map(str, value)) if isinstance(value, list) else value
        options += [f"--{name.replace('_', '-')}", value]
    said = command_line("queue", *options, *sets, "--json", "--quiet", "--out", tmp_path / "study")
    assert said.returncode == 0, said.stderr
    assert study.answers == json.loads(said.stdout)
    for name, table in study.tables.items():
        theirs = polars.read_parquet(tmp_path / "study" / f"{name}.parquet")
        assert polars.DataFrame(table).equals(theirs), name


def test_tables_are_arrow_and_add_up(study):
    probes, late = polars.DataFrame(study.probes), polars.DataFrame(study.late)
    assert probes.height + late.height == study.answers["probes"]
    assert set(probes["seed"].unique()) == {run["seed"] for run in study.answers["runs"]}
    assert set(probes["rank_percent"].unique()) == {0, 100} and set(probes["level"].unique()) == {0}
    front = probes.filter(polars.col("rank_percent") == 0)
    assert (front["lots_ahead"] == 0).all()
    assert polars.DataFrame(study.estimates)["model"].n_unique() > 3
    assert polars.DataFrame(study.orders).height > 0


def test_progress_is_told(study):
    assert {what for what, _, _ in study.told} == {"cascades", "loads", "pairs"}
    assert all(1 <= done <= of for _, done, of in study.told)


def test_progress_may_end_the_study():
    def enough(*_at):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seawall.queue_study(settings=CASCADE, seeds=50, progress=enough)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ranks", [0, 101]), ("levels", [1_001]), ("horizon_s", 1e6), ("every_ms", 0), ("lots", [0])],
)
def test_what_the_command_line_refuses_is_refused_with_its_words(name, value, command_line, tmp_path):
    text = ",".join(map(str, value)) if isinstance(value, list) else value
    option = f"--{name.replace('_', '-')}"
    said = command_line("queue", option, text, "--out", tmp_path / "study")
    assert said.returncode == 2
    with pytest.raises(seawall.InputError) as refused:
        seawall.queue_study(**{name: value})
    said_here = str(refused.value)
    assert said_here.startswith(f"{name}: ")
    assert said_here.removeprefix(name) in said.stderr


def test_a_word_that_is_none_of_the_study_is_a_key_of_the_scenario():
    with pytest.raises(seawall.InputError, match="seed_count"):
        seawall.queue_study(seed_count=3)
