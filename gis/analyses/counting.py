"""Say who is counted and where they start from: parameters that several analyses share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, JsonValue, model_validator

from gis.analyses.own_weight import OWN, OwnFileAsked, own_cells
from gis.analyses.registry import Parameters
from gis.analyses.travel import ADDRESSES, Origin, counted_cells

if TYPE_CHECKING:
    from gis.analyses.residents import Cells
    from gis.analyses.study import Study

# A service must not take these from strangers: they name files of the user's own machine.
OWN_FILE: dict[str, JsonValue] = {"own_file": True}
_OF_THE_FILE = ("weight_field", "weight_layer", "weight_xy", "weight_crs")


class Counting(Parameters):
    """Who is counted, and where they start from."""

    weight: Literal["residents", "employees", "establishments", "addresses", "own"] = Field(
        default="residents",
        description="who is counted: residents, employees, establishments, addresses, or own: a "
        "file of your own (weight_file)",
    )
    weight_file: Path | None = Field(
        default=None,
        description="a file of points or polygons of your own that is counted, e.g. pupils; taken "
        "as persons: summed by cell of 250 m, counts from 1 to 9 never shown",
        json_schema_extra=OWN_FILE,
    )
    weight_field: str = Field(
        default="", description="the column of weight_file that is summed; default: each row is 1"
    )
    weight_layer: str = Field(
        default="", description="the layer of weight_file, where it has several"
    )
    weight_xy: str = Field(
        default="",
        pattern=r"^([^,]+,[^,]+)?$",
        description="the coordinate columns of a table, easting or longitude first: X,Y",
    )
    weight_crs: int | None = Field(
        default=None, ge=1024, le=32767, description="EPSG code of a weight_file that says none"
    )
    origins: Origin = Field(
        default="centre",
        description="where a cell's residents start from: its centre, or its addresses",
    )

    @model_validator(mode="before")
    @classmethod
    def _settle_weight(cls, given: Any) -> Any:
        """Let a file be its own weight, and addresses that are counted be where they are."""
        if not isinstance(given, dict):
            return given
        given = _with_file(given)
        if given.get("weight") != ADDRESSES:
            return given
        if given.get("origins", ADDRESSES) != ADDRESSES:
            message = f"origins {given['origins']} with weight addresses; allowed: addresses"
            raise ValueError(message)
        return {**given, "origins": ADDRESSES}

    def cells(self, study: Study) -> Cells:
        """Take the cells of the municipality with what is counted in them."""
        if self.weight != OWN or self.weight_file is None:
            return counted_cells(study, self.weight)
        column_x, _, column_y = self.weight_xy.partition(",")
        asked = OwnFileAsked(
            self.weight_file,
            field=self.weight_field or None,
            layer=self.weight_layer or None,
            xy=(column_x, column_y) if column_y else None,
            epsg=self.weight_crs,
        )
        return study.once(("own weight", asked), lambda: own_cells(study, asked))


def _with_file(given: dict[str, Any]) -> dict[str, Any]:
    """Check that a file and what is said of it come together. Raises ValueError."""
    named = given.get("weight_file") is not None
    said = [name for name in _OF_THE_FILE if given.get(name)]
    weight = given.get("weight", OWN if named else None)
    if said and not named:
        message = f"{said[0]} given without weight_file; it tells of that file"
        raise ValueError(message)
    if named and weight != OWN:
        message = f"weight {weight} given with weight_file; allowed: own, or one of the two"
        raise ValueError(message)
    if weight == OWN and not named:
        message = "weight own given without weight_file; name the file that is counted"
        raise ValueError(message)
    return {**given, "weight": OWN} if named else given
