"""Make the page of the check for an atlas, where its layers come from a whole store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.checks import check_store
from gis.lock import read_lock
from gis.render.check_page import render_check
from gis.store import Store

if TYPE_CHECKING:
    import datetime as dt

    from gis.analyses import Study
    from gis.text import Language


def check_page(study: Study, *, language: Language, created: dt.date) -> str | None:
    """Return kontroll.html, or None where the study is no store's own area (a drawn one, a cut)."""
    store = study.data
    if not isinstance(store, Store) or store.manifest.area != study.area.number:
        return None
    verdicts = check_store(store, lock=read_lock(store.workspace_root), today=created)
    return render_check(verdicts, name=study.area.name, language=language, created=created)


def lock_print(study: Study) -> str:
    """Return what the page depends on besides the store: fetched files, failures, figures."""
    store = study.data
    if not isinstance(store, Store):
        return ""
    lock = read_lock(store.workspace_root)
    return repr((sorted(lock.layers.items()), sorted(lock.failed.items()), lock.figures))
