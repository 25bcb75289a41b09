"""Hold the list of kernels that setup compiles against the kernels there are."""

from __future__ import annotations

import json
import runpy
from typing import Any

import pytest
from numba import types

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def setup() -> dict[str, Any]:
    return runpy.run_path(str(REPOSITORY / "setup" / "kernels.py"))


def test_every_listed_kernel_is_there_and_takes_as_many_arguments(setup: dict[str, Any]) -> None:
    """Oracle: the functions themselves, by name and signature."""
    known, wanted = setup["kernels"](), setup["listed"]()
    assert wanted.keys() <= known.keys()
    for name, signatures in wanted.items():
        count = known[name].py_func.__code__.co_argcount
        assert {len(s) for s in signatures} == {count}, name


@pytest.mark.parametrize(
    "kind",
    [
        types.int64,
        types.boolean,
        types.Array(types.float64, 2, "C"),
        types.Array(types.int32, 1, "A", readonly=True),
        types.BaseTuple.from_types([types.int64, types.Array(types.boolean, 1, "F")]),
        types.BaseTuple.from_types([types.float64] * 3),
    ],
    ids=str,
)
def test_a_type_is_read_back_as_it_was_written(setup: dict[str, Any], kind: types.Type) -> None:
    """Identity, through the JSON that the list is kept as."""
    assert setup["read"](json.loads(json.dumps(setup["written"](kind)))) == kind


def test_another_text_is_no_type(setup: dict[str, Any]) -> None:
    """By hand: the refusal names the list, the text and what is allowed."""
    with pytest.raises(ValueError, match=r"kernels.json: 'float63' is no type; allowed: int64"):
        setup["read"]("float63")
