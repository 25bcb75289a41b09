"""Speak for the library of the command line: help pages and wrong uses, in both languages.

The library says these things in English alone; here its words are put in the reader's
language before they are laid out on a page or written to standard error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import typer
from pydantic import ValidationError

from gis.catalogue.faults import given_fault
from gis.cli import language
from gis.problems import problem_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

# The library gives its layout of help pages no public name but this.
_Layout: Any = typer.Context.formatter_class
_COMMAND = "COMMAND [ARGS]..."
_BESIDE = re.compile(r"\[([^][]*)\]$")  # [default: 4; required] at the end of an option's help


class _Page(_Layout):  # type: ignore[misc]
    """A help page whose own words are in the reader's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        for word in ("[OPTIONS]", _COMMAND):
            args = args.replace(word, said(word))
        super().write_usage(prog, args, said(prefix or "Usage: "))

    def section(self, name: str) -> AbstractContextManager[None]:
        made: AbstractContextManager[None] = super().section(said(name))
        return made

    def write_dl(self, rows: Sequence[tuple[str, str]], *widths: int, **named: int) -> None:
        super().write_dl([(first, _help(second)) for first, second in rows], *widths, **named)


class _Context(typer.Context):
    formatter_class = _Page


def said(words: str) -> str:
    """Return words of the library, or the message of a problem, in the reader's language."""
    return problem_text(words).in_(language.spoken())


def run(app: typer.Typer) -> int:
    """Run the command line and return its exit code; a wrong use is told and gives 2."""
    command: Any = typer.main.get_command(app)
    for one in (command, *command.commands.values()):
        one.context_class = _Context
    try:
        code = command.main(standalone_mode=False)
    except typer.Abort:
        typer.echo(said("Aborted!"), err=True)
        return 1
    except typer.TyperException as wrong:
        _tell(wrong)
        return wrong.exit_code
    return code if isinstance(code, int) else 0


def _tell(wrong: typer.TyperException) -> None:
    """Write how the command is used, where its help is, and what was wrong."""
    context: typer.Context | None = getattr(wrong, "ctx", None)
    message = wrong.format_message()
    if context is not None:
        if message == context.get_help():  # no word was given: the help is the answer
            typer.echo(message, err=True)
            return
        asked = f"{context.command_path} {context.help_option_names[0]}"
        typer.echo(f"{context.get_usage()}\n{said(f"Try '{asked}' for help.")}\n", err=True)
    if isinstance(wrong.__cause__, ValidationError):
        hint = message.removesuffix(wrong.message)
        message = hint + given_fault(wrong.__cause__)
    typer.echo(f"{said('Error:')} {said(message)}", err=True)


def _help(text: str) -> str:
    """Return the help of an option, with what the library says of it at its end."""
    inner = _BESIDE.search(text)
    if inner is None:
        return said(text)
    told = "; ".join(said(part) for part in inner[1].split("; "))
    return f"{text[: inner.start()]}[{told}]"
