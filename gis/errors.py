"""Name everything that can go wrong, in one tree.

Every error is a ``GisError`` and also the built-in error that a Python user
would expect, so both kinds of ``except`` work. A message is one line and holds
what was given, what is allowed, and which file, field or layer it concerns.
"""


class GisError(Exception):
    """A problem with data or parameters, worded for the person who can mend it."""


class CatalogueError(GisError, ValueError):
    """A TOML entry in ``layers/``, ``maps/`` or a workspace does not hold."""


class SourceError(GisError, ValueError):
    """A delivered file cannot be read as the layer it should be."""


class SourceMissingError(SourceError, FileNotFoundError):
    """A file that an entry or a workspace names is not there."""


class CrsError(GisError, ValueError):
    """A coordinate reference system is missing, foreign or contradicted by the coordinates."""


class OutsideError(CrsError, SourceError):
    """The coordinates are whole and lie outside Norway."""


class FieldError(SourceError, KeyError):
    """A field that a layer needs is absent, or holds a value outside its code list."""

    def __str__(self) -> str:
        # KeyError would print the repr of the message, quotes and all.
        return str(self.args[0]) if self.args else ""


class GeometryError(GisError, ValueError):
    """A geometry is empty, of the wrong kind, or cannot be made valid."""


class ParameterError(GisError, ValueError):
    """A parameter of an analysis, a tool or a command is outside what is allowed."""


class StoreError(GisError, OSError):
    """The store is missing, half written or out of step with its manifest."""


class LayerMissingError(GisError, LookupError):
    """An analysis or a map needs a layer that the store does not hold."""


class InvariantError(GisError, ArithmeticError):
    """Two numbers that must be equal are not; the result is withheld."""


class RenderError(GisError, RuntimeError):
    """A map page could not be made self-contained and safe."""


class SetupError(GisError, RuntimeError):
    """Something the machine must provide (a browser, rights, space) is not there."""
