"""Run the command line with ``python -m gis``."""

from __future__ import annotations

from gis.cli import main

if __name__ == "__main__":
    main()
