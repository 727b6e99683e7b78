"""Settings of a scenario as the command line's KEY=VALUE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def sets(settings: Mapping[str, Any] | None, overrides: Mapping[str, Any]) -> list[str]:
    """Entries of ``settings`` as they are, keywords with a dot for two underscores."""
    dotted = {key.replace("__", "."): value for key, value in overrides.items()}
    return [f"{key}={_text(value)}" for key, value in {**(settings or {}), **dotted}.items()]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
