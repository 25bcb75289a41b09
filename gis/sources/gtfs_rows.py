"""Read the rows of stop_times.txt that a service day needs, as numbers, block by block."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gis.errors import SourceError
from gis.kernels.call_rows import (
    ARRIVAL,
    DEPARTURE,
    PICKUP,
    SEQUENCE,
    STOP,
    TRIP,
    UNKNOWN,
    Calls,
    Days,
    Scan,
    scan_block,
)
from gis.kernels.calls import clock_seconds, place_calls
from gis.kernels.ids import id_table
from gis.sources.gtfs_files import Block, FeedFiles, stream_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from gis.kernels.calls import DayClock

# Codes in the place of a quay number, for stops that no departure is counted at.
NO_COORDINATES = -1
OUTSIDE_BBOX = -2

_NO_BOARDING = "1"
_REQUIRED = ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")
_OPTIONAL = ("pickup_type", "shape_dist_traveled")
_ROLE = {
    "trip_id": TRIP,
    "arrival_time": ARRIVAL,
    "departure_time": DEPARTURE,
    "stop_id": STOP,
    "stop_sequence": SEQUENCE,
    "pickup_type": PICKUP,
}
CALL = ("trip", "quay", "sequence", "boards", "time_s")
# So many calls are handed on together: each step of a table library costs a fixed sum.
_BATCH = 1_000_000
_MOST_SEQUENCE = 2**31 - 1


@dataclass
class StopCodes:
    """Numbers of stops, and codes for those that stops.txt lacks: UNKNOWN and below.

    ``stops``: stop_id and quay (a number, or a code). ``unknown`` grows as such stops
    are met.
    """

    stops: pl.DataFrame
    unknown: dict[str, int] = field(default_factory=dict)

    def of(self, ids: pl.Series) -> pl.Series:
        """Return the number or code of every id (Int32)."""
        found = ids.alias("stop_id").to_frame().join(
            self.stops, on="stop_id", how="left", maintain_order="left"
        )  # fmt: skip
        if not found["quay"].null_count():
            return found["quay"]
        odd = found.filter(pl.col("quay").is_null())["stop_id"].fill_null("")
        names = odd.unique(maintain_order=True).to_list()
        codes = pl.DataFrame({"stop_id": names, "code": [self.code(n) for n in names]})
        coded = found.with_columns(pl.col("stop_id").fill_null("")).join(
            codes.cast({"code": pl.Int32}), on="stop_id", how="left", maintain_order="left"
        )
        return coded.select(pl.coalesce("quay", "code").alias("quay")).to_series()

    def code(self, stop_id: str) -> int:
        """Return the code of a stop that is not listed."""
        return self.unknown.setdefault(stop_id, UNKNOWN - len(self.unknown))


@dataclass
class RowReader:
    """One pass over stop_times.txt for some trips, and what it learns on the way.

    ``trip_ids``: the wanted trips, row numbers their names from here on. ``masks``: bit i
    where a trip runs on service day i of ``clock``; rows of trips with mask 0 are read
    for ``last`` and ``untimed`` alone. ``last``: the largest stop_sequence of each trip,
    -1 without any; ``untimed``: trips with a call at a numbered quay without a time.
    """

    feed: FeedFiles
    trip_ids: pl.Series
    codes: StopCodes
    masks: NDArray[np.uint16]
    clock: DayClock
    window: tuple[int, int]

    def __post_init__(self) -> None:
        base = np.array(self.clock.base_s, dtype=np.int64)
        self._scan = Scan(
            trips=id_table(self.trip_ids),
            stops=id_table(self.codes.stops["stop_id"]),
            mask=self.masks,
            quay=self.codes.stops["quay"].to_numpy(),
            days=Days(base, self.clock.change_s, self.clock.jump_s, self.window),
            drop=OUTSIDE_BBOX,
            last=np.full(len(self.trip_ids), -1, dtype=np.int32),
            untimed=np.zeros(len(self.trip_ids), dtype=bool),
        )

    @property
    def last(self) -> NDArray[np.int32]:
        """The largest stop_sequence met of each trip, -1 where none was."""
        return self._scan.last

    @property
    def untimed(self) -> NDArray[np.bool_]:
        """Which trips have a call without a time at a quay that is asked for."""
        return self._scan.untimed

    @cached_property
    def _numbers(self) -> dict[str, int]:
        ids = self.trip_ids.to_list()
        return dict(zip(ids, range(len(ids)), strict=True))

    def calls(self) -> Iterator[pl.DataFrame]:
        """Yield the calls in the window: trip, quay, sequence, boards, time_s.

        ``trip`` is made unique to the service day: row of the trip x days + day.
        """
        waiting: list[Calls] = []
        for block in stream_blocks(self.feed, "stop_times.txt", _REQUIRED, optional=_OPTIONAL[:1]):
            found = self._by_bytes(block)
            if found is None:
                yield self._by_table(block)
                continue
            waiting.append(found)
            if sum(part.trip.size for part in waiting) >= _BATCH:
                yield _as_frame(waiting)
                waiting.clear()
        if waiting:
            yield _as_frame(waiting)

    def _by_bytes(self, block: Block) -> Calls | None:
        roles = np.full(block.width, -1, dtype=np.int64)
        for name, place in block.places().items():
            roles[place] = _ROLE[name]
        found = scan_block(self._scan, block.text, first=block.body, roles=roles)
        if found is not None and found.unknown:
            names = [self.codes.code(_text(name, block.label)) for name in found.unknown]
            found.quay[found.quay == UNKNOWN] = names
        return found

    def _by_table(self, block: Block) -> pl.DataFrame:
        """Read a block as a table: slower, with any spelling that is allowed."""
        rows = typed_rows(block.frame(), self._numbers, block.label)
        coded = rows.with_columns(quay=self.codes.of(rows["stop_id"]))
        np.maximum.at(self.last, rows["t"].to_numpy(), rows["sequence"].to_numpy())
        timeless = coded.filter(pl.col("time_s").is_null() & (pl.col("quay") >= 0))
        self.untimed[timeless["t"].to_numpy()] = True
        wanted = pl.col("time_s").is_not_null() & (pl.col("quay") != OUTSIDE_BBOX)
        return placed(coded.filter(wanted), self.masks, clock=self.clock, window=self.window)


def placed(
    rows: pl.DataFrame, masks: NDArray[np.uint16], *, clock: DayClock, window: tuple[int, int]
) -> pl.DataFrame:
    """Return the calls of rows that fall in the window, trips made unique to the day."""
    timed = rows.select(
        pl.col("t").alias("trip"),
        "quay",
        "sequence",
        "boards",
        "time_s",
        pl.Series("mask", masks[rows["t"].to_numpy()]),
    )
    return place_calls(timed, clock, window=window).select(CALL).cast({"trip": pl.Int32})


def _as_frame(parts: list[Calls]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "trip": np.concatenate([part.trip for part in parts]),
            "quay": np.concatenate([part.quay for part in parts]),
            "sequence": np.concatenate([part.sequence for part in parts]),
            "boards": np.concatenate([part.boards for part in parts]),
            "time_s": np.concatenate([part.time_s for part in parts]),
        }
    )


def whole_trips(feed: FeedFiles, numbers: Mapping[str, int]) -> pl.DataFrame:
    """Read all rows of some trips, in no set order, as ``typed_rows`` gives them whole."""
    blocks = stream_blocks(feed, "stop_times.txt", _REQUIRED, optional=_OPTIONAL)
    text = pl.DataFrame(schema=dict.fromkeys((*_REQUIRED, *_OPTIONAL), pl.String))
    none = typed_rows(text, {}, "", whole=True)
    parts = [typed_rows(block.frame(), numbers, block.label, whole=True) for block in blocks]
    return pl.concat([none, *parts])


def typed_rows(
    batch: pl.DataFrame, numbers: Mapping[str, int], label: str, *, whole: bool = False
) -> pl.DataFrame:
    """Return the rows of the wanted trips: t, stop_id, sequence, boards, time_s.

    ``whole`` adds what filling in empty times needs: arrival_s, departure_s, distance.
    Raises SourceError for a field that cannot be read.
    """
    # Rows of a trip stand together in nearly every feed: look up each run of
    # equal ids once. A feed that is not sorted gives the same answer, slower.
    ids = batch["trip_id"]
    starts = (ids != ids.shift()).fill_null(value=True).to_numpy().nonzero()[0]
    found = [numbers.get(trip, -1) for trip in ids.gather(starts).to_list()]
    trip = np.repeat(np.array(found, dtype=np.int64), np.diff(np.append(starts, ids.len())))
    wanted = trip >= 0
    return _typed(
        batch.filter(pl.Series(wanted, dtype=pl.Boolean)), trip[wanted], label, whole=whole
    )


def _typed(
    batch: pl.DataFrame, trip: NDArray[np.int64], label: str, *, whole: bool
) -> pl.DataFrame:
    departure_s = _clock(batch, "departure_time", label)
    arrival_s = departure_s
    # Arrival matters only where departure is empty, or to fill in times between.
    if whole or departure_s.null_count():
        arrival_s = _clock(batch, "arrival_time", label)
    sequence = as_number(batch["stop_sequence"], pl.Int32)
    _check_field(batch, "stop_sequence", sequence, label=label)
    columns = {
        "t": pl.Series(trip).cast(pl.UInt32),
        "stop_id": batch["stop_id"],
        "sequence": sequence,
        "boards": (batch["pickup_type"] != _NO_BOARDING).fill_null(value=True),
        "time_s": departure_s.zip_with(departure_s.is_not_null(), arrival_s),
    }
    if whole:
        distance = as_number(batch["shape_dist_traveled"], pl.Float64)
        columns |= {"arrival_s": arrival_s, "departure_s": departure_s, "distance": distance}
    return pl.DataFrame(columns)


def as_number(text: pl.Series, dtype: type[pl.DataType]) -> pl.Series:
    """Read text as numbers, blanks around ignored; null where it is none."""
    number = text.cast(dtype, strict=False)
    if number.null_count():
        number = text.str.strip_chars().cast(dtype, strict=False)
    return number


def _clock(batch: pl.DataFrame, field_name: str, label: str) -> pl.Series:
    parsed = clock_seconds(batch[field_name])
    _check_field(batch, field_name, parsed, label=label)
    return parsed


def _check_field(batch: pl.DataFrame, field_name: str, parsed: pl.Series, *, label: str) -> None:
    """Refuse a field that could not be read; only times may be empty."""
    if not parsed.null_count():
        return
    is_time = field_name != "stop_sequence"
    text = batch[field_name].str.strip_chars().fill_null("")
    wrong = parsed.is_null() & (text != "") if is_time else parsed.is_null()
    if wrong.any():
        example, trip_id = text.filter(wrong)[0], batch["trip_id"].filter(wrong)[0]
        allowed = "H:MM:SS or empty" if is_time else f"a whole number up to {_MOST_SEQUENCE}"
        message = f"{label}: {field_name} {example!r} in trip {trip_id!r}; allowed: {allowed}"
        raise SourceError(message)


def _text(name: bytes, label: str) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        message = f"{label} cannot be read as UTF-8 comma-separated text (stop_id {name!r})"
        raise SourceError(message) from None
