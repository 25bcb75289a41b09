"""Share what the tests read: the folder of real data, skipped visibly where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
