"""Theory from Python."""

import pytest

import seawall


def test_a_named_test_gives_its_rows():
    rows = seawall.validate("liquidation-golden")
    assert rows and all(row["verdict"] == "pass" for row in rows)


def test_an_unknown_name_is_refused():
    with pytest.raises(seawall.InputError, match="no test named"):
        seawall.validate("liquidation-goldem")
