"""Share what the tests read: the folder of real data, skipped visibly where it is absent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

# The command line speaks bokmål here, whatever the machine's own language is.
os.environ["AREALPLAN_LANGUAGE"] = "nb"

REPOSITORY = Path(__file__).resolve().parent.parent


def real_data_folder() -> Path:
    """Where the real data lie: AREALPLAN_REAL_DATA, or shared/data beside the checkout."""
    named = os.environ.get("AREALPLAN_REAL_DATA")
    return Path(named) if named else REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = real_data_folder()
    if not (folder / "SHA256SUMS").is_file():
        pytest.skip(f"real data not found in {folder}; set AREALPLAN_REAL_DATA")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each opens windows of its own."""
    from tests.browser import chromium

    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the pages of the drawn town, made once and changed by no test."""
    from tests.render_town import write_site

    return write_site(tmp_path_factory.mktemp("pages"))
