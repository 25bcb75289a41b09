"""Two processes make what one makes."""

from __future__ import annotations

import datetime as dt
import os
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from gis.atlas import Answers, Order, make_atlas, second_hand
from gis.atlas import hands as hands_module
from gis.atlas.hands import WORTH_IT, Hands, _Todo, make_maps
from gis.atlas.pages import Made
from gis.catalogue import map_entry
from gis.cli.opening import open_study
from gis.errors import CatalogueError
from gis.store import build
from gis.workspace import open_workspace
from tests.test_bad_input import write_town

TODAY = dt.date(2026, 11, 23)


def kollektiv(**faulty: object) -> Order:
    """Five maps of the town, alike but for how far the readers walk; ``faulty`` for the last."""
    entry = map_entry("kollektiv")
    asked = next(a for a in entry.analyses if a.id == entry.lead)
    entries = {}
    for place, max_m in enumerate((300, 500, 800, 1000, 1000)):
        params = {**asked.params, "max_m": max_m, **(faulty if place == WORTH_IT else {})}
        analyses = (asked.model_copy(update={"params": params}),)
        entries[f"k{place}"] = entry.model_copy(update={"analyses": analyses, "live": False})
    return Order(entries, {}, whole=False, language="nb", created=TODAY)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_town(tmp_path_factory.mktemp("town") / "w")
    build(open_workspace(folder))
    return folder


def test_two_processes_give_the_bytes_of_one(built: Path, tmp_path: Path) -> None:
    """Identity: who makes a map shows in no byte, and the order of the maps stands."""
    order = kollektiv()
    said: list[str] = []
    alone = make_atlas(order, Answers(open_study(built)[1]), tmp_path / "a", progress=str)
    with second_hand() as hands:
        both = make_atlas(
            order,
            Answers(open_study(built)[1]),
            tmp_path / "b",
            progress=said.append,
            hands=hands,
        )
    assert len(alone.maps) >= WORTH_IT
    assert [m.map_id for m in both.maps] == [m.map_id for m in alone.maps]
    assert both.left_out == alone.left_out
    assert len(said) == len(both.maps)
    for made in alone.maps:
        other = tmp_path / "b" / made.path.name
        assert other.read_bytes() == made.path.read_bytes(), made.map_id


def test_a_hand_that_is_lost_leaves_no_map_unmade(built: Path, tmp_path: Path) -> None:
    """Identity: the second process is ended from outside, and the maps are those of one process."""
    order = kollektiv()
    alone = make_atlas(order, Answers(open_study(built)[1]), tmp_path / "a", progress=str)
    with second_hand() as hands:
        if hands is None:
            pytest.skip("one core only: there is no second process")
        assert isinstance(hands.pool.submit(os._exit, 1).exception(), BrokenExecutor)
        both = make_atlas(
            order, Answers(open_study(built)[1]), tmp_path / "b", progress=str, hands=hands
        )
    assert [m.map_id for m in both.maps] == [m.map_id for m in alone.maps]
    for made in alone.maps:
        assert (tmp_path / "b" / made.path.name).read_bytes() == made.path.read_bytes()


def test_a_hand_lost_in_the_middle_leaves_its_map_to_the_other(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: the second takes a map and goes away; every map is told of once."""
    order, study = kollektiv(), open_study(built)[1]
    taken: list[str] = []

    class Leaving:
        def submit(self, _work: object, *given: object, **_: object) -> Future[object]:
            future: Future[object] = Future()
            if isinstance(given[0], str):
                taken.append(given[0])
                future.set_exception(BrokenExecutor("gone"))
            return future

    monkeypatch.setattr(hands_module, "make_map", lambda *a, **_: Made(lacks=a[2]))
    told: list[str] = []
    made = make_maps(
        Answers(study),
        order,
        dict.fromkeys(order.entries, True),
        hands=Hands(cast("ProcessPoolExecutor", Leaving())),
        told=lambda name, _: told.append(name),
    )
    assert len(taken) <= 1
    assert sorted(told) == sorted(order.entries)
    assert list(made) == list(order.entries)
    assert all(made[m].lacks == m for m in made)


def test_a_wrong_entry_stops_both_with_one_line(built: Path, tmp_path: Path) -> None:
    """By hand: a parameter out of bounds is told with file and key, and nothing is written."""
    order = kollektiv(no_such=1)
    with (
        second_hand() as hands,
        pytest.raises(CatalogueError, match=r"^maps/k4.toml: analyses\[0\]: .*no_such"),
    ):
        make_atlas(order, Answers(open_study(built)[1]), tmp_path / "o", progress=str, hands=hands)
    assert not (tmp_path / "o").exists()


def test_a_free_hand_takes_what_is_nearest_to_what_it_knows() -> None:
    """By hand: b asks what a asked, so the first takes it and the second goes to c."""
    todo = _Todo({"a": frozenset({("x",)}), "c": frozenset({("y",)}), "b": frozenset({("x",)})})
    assert [todo.take(0), todo.take(1), todo.take(0), todo.take(1)] == ["a", "c", "b", None]


def test_after_a_failure_nothing_more_is_taken() -> None:
    """By hand: what is left when one fails is not begun."""
    todo = _Todo({"a": frozenset(), "b": frozenset()})
    assert todo.take(0) == "a"
    todo.stop()
    assert todo.take(1) is None
