"""Bring a municipality's own file together with those of its neighbours within the halo.

Geonorge delivers by municipality, and a stop, a zone or a road across the border counts.
The files stay as they were delivered, in one folder; readers take them one by one.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from gis.errors import SourceError, SourceMissingError
from gis.sources import remote_geonorge
from gis.sources.base import PARTS
from gis.sources.contents import lone_table
from gis.sources.remote_base import Offer, Parcel

if TYPE_CHECKING:
    from gis.catalogue import GeonorgeRemote
    from gis.sources.remote_base import Job, Tools


def bring(remote: GeonorgeRemote, job: Job, tools: Tools) -> Parcel:
    """Bring the area's file; where it is the municipality's alone, its neighbours' too.

    A neighbour's file that cannot be brought is left out with a note, and is not among
    what the parcel covers. Raises SourceError where the municipality's own cannot.
    """
    own = remote_geonorge.bring(remote, job, tools)
    if own.covers != (job.place.number,) or not job.place.neighbours:
        return own
    found, notes = {job.place.number: own}, list(own.notes)
    for number in job.place.neighbours:
        there = replace(job.place, number=number, former=(), neighbours=(), alone=True)
        try:
            theirs = remote_geonorge.bring(remote, replace(job, place=there), tools)
        except SourceMissingError:
            notes.append(f"neighbour {number} not delivered")
            continue
        except SourceError as error:
            notes.append(f"neighbour {number} not delivered: {str(error)[:200]}")
            continue
        found[number] = theirs
    if len(found) == 1:
        return replace(own, notes=tuple(notes))
    return _together(found, own, notes, tools=tools)


def _together(found: dict[str, Parcel], own: Parcel, notes: list[str], *, tools: Tools) -> Parcel:
    """Put the files in one folder, each under its municipality's number."""
    stem = own.name.rsplit(".", 1)[0]
    folder = tools.work / f"{stem}{PARTS}"
    folder.mkdir(parents=True)
    for number, parcel in found.items():
        table = lone_table(parcel.path, tools.work)
        source, name = (table, table.name) if table else (parcel.path, parcel.name)
        shutil.copyfile(source, folder / f"{number}_{name}")
    return replace(own, path=folder, name=folder.name, covers=tuple(found), notes=tuple(notes))


def offer(remote: GeonorgeRemote, job: Job, tools: Tools) -> Offer:
    """Say what would be ordered, and for how many neighbours."""
    own = remote_geonorge.offer(remote, job, tools)
    choice = remote_geonorge.choose(remote, job, tools)
    if choice.area["code"] != job.place.number or not job.place.neighbours:
        return own
    numbers = ", ".join(job.place.neighbours)
    return replace(own, what=f"{own.what}; with neighbours {numbers}")
