"""Word who travels how, from where, how far, and who does not get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis.analyses.network_access import CODES, ROADS, Roads
from gis.disclosure import LEAST
from gis.kernels.network_reach import Reason
from gis.result import LeftOut
from gis.text import Text, number, people, people_share, percent, t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.analyses.residents import Cells
    from gis.analyses.study import Study
    from gis.analyses.travel import Metric, Origin, Origins
    from gis.result import Scalar
    from gis.sources.trips import Trip

_UNREACHED = (Reason.NO_ROAD, Reason.ISLAND, Reason.ONE_WAY, Reason.BEYOND)


def metres(distance_m: float) -> Text:
    """Write a distance: whole kilometres as km."""
    if distance_m % 1000 == 0:
        return Text(nb=f"{distance_m / 1000:.0f} km", en=f"{distance_m / 1000:.0f} km")
    return number(distance_m).with_unit("m")


def plain_number(value: float) -> Text:
    """Write a number, with one decimal where it needs one."""
    return number(value, decimals=0 if float(value).is_integer() else 1)


def joined(*sentences: Text) -> Text:
    """Put sentences after each other."""
    return Text(nb=" ".join(s.nb for s in sentences), en=" ".join(s.en for s in sentences))


def counted_words(study: Study, cells: Cells, origins: Origin) -> dict[str, str | Text]:
    """Word who is counted, whose data they are, and where they start from."""
    source = cells.own.source if cells.own else study.source(cells.layer)
    place = "counted" if cells.places is not None else origins
    return {
        "who": t(f"access.who_{cells.counted}"),
        "whom": t(f"access.whom_{cells.counted}"),
        "source": Text(nb=source.title_nb, en=source.title_en),
        "place": t(f"access.place_{place}"),
    }


def own_words(cells: Cells) -> dict[str, Text]:
    """Word what is counted of a file of the user's own; nothing for anything else."""
    if cells.own is None:
        return {}
    source = cells.own.source
    return {"own": Text(nb=source.title_nb, en=source.title_en)}


def own_rule(cells: Cells) -> tuple[Text, ...]:
    """Say how a file of the user's own is counted."""
    return (t("access.own_rule"),) if cells.own else ()


def counted_parameters(cells: Cells) -> dict[str, Scalar]:
    """Return who is counted, as parameters of a definition."""
    if cells.own is None:
        return {"weight": cells.counted}
    said: dict[str, Scalar] = {"weight": "own", "weight_file": cells.own.source.file}
    return said | ({"weight_field": cells.own.field} if cells.own.field else {})


def way_words(study: Study, metric: Metric) -> Text:
    """Word how far is measured on foot."""
    if metric == "straight-line":
        return t("access.way_straight-line")
    roads = study.source(ROADS)
    return t("access.way_network", roads=Text(nb=roads.title_nb, en=roads.title_en))


def share_text(cells: Cells, reached: float) -> Text:
    """Write a share of what cells hold; of residents by the disclosure rule."""
    if cells.people:
        return people_share(reached, of=cells.total)
    return percent(reached / cells.total if cells.total else None)


def count_text(cells: Cells, count: float) -> Text:
    """Write a number of what cells hold; of residents by the disclosure rule."""
    if cells.people:
        return people(count, of=cells.total)
    return number(round(count))


def network_notes(roads: Roads) -> tuple[Text, ...]:
    """Say what the network could not know."""
    return () if roads.typed else (t("access.every_line_open"),)


def without_address(origins: Origins) -> tuple[LeftOut, ...]:
    """Count those whose cell has no address, who start from its centre."""
    cells, without = origins.cells, origins.where.without
    if not without:
        return ()
    text = t("left_out.no_address", count=count_text(cells, without))
    if cells.counted != "residents":
        text = t("access.no_address", count=count_text(cells, without))
    return (LeftOut("no_address", text, _told(cells, without), cells.counted),)


def unreached(
    roads: Roads, trip: Trip, origins: Origins, *, reason: NDArray[np.int8]
) -> tuple[LeftOut, ...]:
    """Count those who do not arrive, by reason; they stay in the denominator.

    ``reason``: a code of ``Reason`` for each place of the origins. Those who are merely
    too far are told to the nearest 10, so that they do not tell of the others.
    """
    cells, weight = origins.cells, origins.where.weight
    found = []
    for code in _UNREACHED:
        count = float(weight[reason == code].sum())
        if count > 0:
            text = t(
                f"access.{CODES[code]}",
                count=count_text(cells, count),
                who=t(f"access.of_{cells.counted}"),
                snap=number(trip.snap_m),
            )
            far = code == Reason.BEYOND and cells.people
            told = max(10.0 * round(count / 10), LEAST) if far and count >= LEAST else count
            found.append(LeftOut(f"network_{CODES[code]}", text, _told(cells, told), cells.counted))
    return (*found, *_splinters(roads, trip))


def _splinters(roads: Roads, trip: Trip) -> tuple[LeftOut, ...]:
    small = roads.graph.piece_m < trip.least_share * roads.graph.length_m.sum()
    small[0] = False
    if not small.any():
        return ()
    share = percent(trip.least_share, decimals=0)
    text = t("access.splinters", count=number(int(small.sum())), share=share)
    return (LeftOut("network_islands", text, int(small.sum()), "parts"),)


def targets_off(count: int, *, trip: Trip, what: str) -> tuple[LeftOut, ...]:
    """Count the destinations without a place on the network; ``what`` is stops or stations."""
    if not count:
        return ()
    text = t(f"access.{what}_off", count=number(count), snap=number(trip.snap_m))
    return (LeftOut(f"{what}_off_network", text, count, what),)


def _told(cells: Cells, count: float) -> float:
    """Return a count that may stand beside the total: all of it where it leaves 1 to 9."""
    if not cells.people:
        return count
    return cells.total if 0 < round(cells.total - count) < LEAST else count
