"""Lay a second feed beside the first on one date, and tell which stops a wheelchair can use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from gis.errors import SourceError
from gis.sources.gtfs_files import open_feed, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gis.sources.gtfs import FeedDay

_NO_WORD = ("", "0")
_POSSIBLE = "1"


def with_patch(day: FeedDay, patch: FeedDay) -> FeedDay:
    """Return a day of a feed with the trips of another feed added.

    A stop of the patch with the id of a stop of the feed is that stop, at the feed's
    place; others are new. Nothing is taken away: a line that is to go must
    go from the feed itself. Raises SourceError where the days differ.
    """
    if (day.date, day.window) != (patch.date, patch.window):
        message = f"{patch.path}: read for {patch.date}, the feed for {day.date}; equal days needed"
        raise SourceError(message)
    first = int(day.quays["quay"].max() or 0) + 1  # type: ignore[arg-type]
    known = day.quays.select("stop_id", known="quay")
    told = patch.quays.join(known, on="stop_id", how="left", maintain_order="left")
    told = told.with_columns(
        new=pl.coalesce("known", pl.col("quay") + first).cast(day.quays.schema["quay"])
    )
    added = told.filter(pl.col("known").is_null()).with_columns(quay="new")
    calls = patch.calls.join(told.select("quay", "new"), on="quay", how="inner")
    calls = calls.with_columns(quay="new", trip=pl.col("trip") + _after(day)).drop("new")
    return replace(
        day,
        trips=day.trips + patch.trips,
        calls=pl.concat([day.calls, calls.select(day.calls.columns)]),
        quays=pl.concat([day.quays, added.select(day.quays.columns)]),
        left_out=(*day.left_out, *patch.left_out),
    )


def _after(day: FeedDay) -> int:
    return int(day.calls["trip"].max() or 0) + 1  # type: ignore[arg-type]


def says_boarding(path: Path) -> bool:
    """Tell whether any stop of a feed says if a wheelchair can board there."""
    return bool((~_words(path)["word"].is_in(_NO_WORD)).any())


def accessible_stops(paths: Iterable[Path]) -> pl.Series:
    """Return the ids of the stops where some vehicles can be boarded in a wheelchair.

    GTFS ``wheelchair_boarding``: 1 is possible, 2 is not, and empty or 0 takes what
    its stop place says; a stop of which nothing is said does not count.
    """
    found = []
    for path in paths:
        words = _words(path)
        above = words.select(parent="stop_id", above="word")
        own = words.join(above, on="parent", how="left", maintain_order="left")
        word = pl.when(pl.col("word").is_in(_NO_WORD)).then("above").otherwise("word")
        found.append(own.filter((word == _POSSIBLE).fill_null(value=False))["stop_id"])
    return pl.concat(found).unique()


def _words(path: Path) -> pl.DataFrame:
    """Return stop_id, parent and word: wheelchair_boarding, empty where nothing is said."""
    optional = ["wheelchair_boarding", "parent_station"]
    table = read_table(open_feed(path), "stops.txt", ["stop_id"], optional=optional)
    return (
        table.drop_nulls("stop_id")
        .unique("stop_id", keep="first", maintain_order=True)
        .select(
            "stop_id",
            pl.col("parent_station").replace("", None).alias("parent"),
            pl.col("wheelchair_boarding").str.strip_chars().fill_null("").alias("word"),
        )
    )
