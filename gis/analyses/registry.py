"""Keep the analyses: what each is called, what it needs, which parameters it takes.

The command line, the maps and a service read this registry and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from gis.catalogue.faults import parameter_faults
from gis.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gis.analyses.study import Study
    from gis.result import Result
    from gis.text import Text


class Parameters(BaseModel):
    """The parameters of an analysis: typed, bounded, described, and nothing else allowed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Analysis[P: Parameters]:
    """One registered question.

    ``needs`` are layers it cannot do without, ``uses`` those it takes where they are.
    """

    id: str
    title: Text
    question: Text
    parameters: type[P]
    run: Callable[[Study, P], Result]
    needs: tuple[str, ...]
    uses: tuple[str, ...] = ()

    def __call__(
        self, study: Study, params: Mapping[str, Any] | None = None, *, own_files: bool = False
    ) -> Result:
        """Check the parameters and the layers, then answer. Raises ParameterError.

        ``own_files``: whether parameters may name files of this machine. Only who runs it at
        his own machine may: a service that passes on what strangers send must not.
        """
        if not own_files:
            self._refuse_files(params or {})
        checked = check_parameters(self.id, self.parameters, params or {})
        study.need(*self.needs)
        return self.run(study, checked)

    def _refuse_files(self, params: Mapping[str, Any]) -> None:
        """Refuse parameters that name files. Raises ParameterError."""
        named = [n for n in file_parameters(self.parameters) if params.get(n) is not None]
        if named:
            message = (
                f"{self.id}: parameter '{named[0]}' names a file of one's own; allowed on the "
                "command line, and from Python with own_files=True"
            )
            raise ParameterError(message)


def file_parameters(model: type[Parameters]) -> tuple[str, ...]:
    """Return the parameters that name files of the user's own machine."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("own_file")
    )


def check_parameters[P: Parameters](name: str, model: type[P], given: Mapping[str, Any]) -> P:
    """Validate parameters. Raises ParameterError with every fault in one line."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        message = f"{name}: {parameter_faults(error, model)}"
        raise ParameterError(message) from None
