"""Sweeps: the same bytes whoever ran them."""

import importlib
import json
import subprocess
import sys
import time

import polars
import pytest

import seawall


def files(directory):
    """Every file that a sweep leaves, the page apart, which names the command line."""
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in found
        if path.suffix not in (".html", ".lock")
    }


def shared(one, other):
    """Files that both left; results and dataset are among them."""
    one, other = files(one), files(other)
    names = {name for name in one if name.startswith(("results", "dataset")) or name == "sweep.json"}
    assert names and names <= set(other)
    return {name: one[name] for name in names}, {name: other[name] for name in names}


def test_a_sweep_is_the_command_lines_sweep(command_line, plan, tmp_path):
    said = command_line("sweep", plan, "--out", tmp_path / "theirs", "--quiet")
    assert said.returncode == 0, said.stderr
    told = []
    merged = seawall.sweep(plan, tmp_path / "ours", workers=2, progress=lambda *at: told.append(at))
    assert told[-1] == (6, 6)
    assert merged
    ours, theirs = shared(tmp_path / "ours", tmp_path / "theirs")
    assert ours == theirs
    # Again: nothing is run twice.
    told.clear()
    seawall.sweep(plan, tmp_path / "ours", progress=lambda *at: told.append(at))
    assert told == []


@pytest.fixture
def swept(plan, tmp_path):
    """A finished sweep: its dataset, and for each point how many events a run had on average.

    The second is what the sweep itself says.
    """
    merged = seawall.sweep(plan, tmp_path / "out", workers=2)
    events = [
        (number, point["measures"]["events"]["mean"])
        for number, point in enumerate(merged["points"])
    ]
    assert len(events) == 2
    return tmp_path / "out" / "dataset" / "**" / "*.parquet", events


def test_polars_reads_the_dataset_in_place(swept):
    dataset, events = swept
    frame = (
        polars.scan_parquet(dataset, hive_partitioning=True)
        .group_by("point")
        .agg(polars.len(), polars.col("events").mean().alias("events"))
        .sort("point")
        .collect()
    )
    assert frame["len"].to_list() == [3, 3]
    assert frame["events"].to_list() == pytest.approx([mean for _, mean in events])


def test_duckdb_reads_the_dataset_in_place(swept):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: it is not asked")
    dataset, events = swept
    rows = duckdb.sql(
        f"""
        SELECT point::INT, "set.liquidation.discipline", count(*), count(DISTINCT events_hash),
               avg("events")
        FROM read_parquet('{dataset}', hive_partitioning = true)
        GROUP BY ALL ORDER BY 1
        """
    ).fetchall()
    assert [row[:4] for row in rows] == [(0, "strict", 3, 3), (1, "fifo", 3, 3)]
    assert [row[4] for row in rows] == pytest.approx([mean for _, mean in events])


def test_a_bad_plan_is_refused(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text("seeds = 0\n")
    with pytest.raises(seawall.InputError, match="seeds"):
        seawall.sweep(path, tmp_path / "out")
    with pytest.raises(ValueError, match="expected 'local' or 'ray'"):
        path.write_text("seeds = 1\n")
        seawall.sweep(path, tmp_path / "out", engine="slurm")


def test_a_module_to_call(plan, tmp_path):
    # A warning, of the interpreter's own too, is an error.
    call = [sys.executable, "-W", "error", "-m", "seawall.sweep"]
    good = [*call, str(plan), "--out", str(tmp_path / "out")]
    said = subprocess.run(good, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr
    assert said.stderr == ""
    assert json.loads(said.stdout)
    bad = subprocess.run([*call, str(tmp_path / "none.toml")], capture_output=True, text=True)
    assert bad.returncode == 2 and "none.toml" in bad.stderr


def test_a_cluster_that_loses_a_node_gives_the_same_bytes(plan, tmp_path):
    ray = pytest.importorskip("ray", reason="ray is not installed: no cluster to lose a node of")
    from ray.cluster_utils import Cluster

    seawall.sweep(plan, tmp_path / "local", workers=2)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    second = cluster.add_node(num_cpus=1)
    try:
        ray.init(address=cluster.address, log_to_driver=False)
        told = []

        def progress(done, of):
            told.append((done, of))
            if done == 2:
                cluster.remove_node(second, allow_graceful=False)
                time.sleep(0.1)

        seawall.sweep(plan, tmp_path / "cluster", engine="ray", progress=progress)
        assert told[-1] == (6, 6)
        assert len(told) == 6, "every run came back once"
    finally:
        ray.shutdown()
        cluster.shutdown()
    ours, theirs = shared(tmp_path / "local", tmp_path / "cluster")
    assert ours == theirs


class Nothing:
    """Tasks that have nothing to ask."""

    def question(self, point, seed):
        return f"{point} {seed}"


def test_two_nodes_share_the_work(monkeypatch):
    ray = pytest.importorskip("ray", reason="ray is not installed: no cluster of two nodes")
    from ray.cluster_utils import Cluster

    def where(question):
        time.sleep(0.3)
        return ray.get_runtime_context().get_node_id()

    module = importlib.import_module("seawall.sweep")
    monkeypatch.setattr(module, "_answer", where)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        ray.init(address=cluster.address, log_to_driver=False)
        jobs = [(0, seed) for seed in range(12)]
        nodes = [answer for _, answer, _ in module._ray(Nothing(), jobs, None)]
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert len(nodes) == 12 and len(set(nodes)) == 2
    # All take as long, so each has half, give or take what one of them started later.
    assert min(nodes.count(node) for node in set(nodes)) >= 4, nodes
