"""The one door to the network: whole files or none, politely, and only from known hosts."""

from __future__ import annotations

import email.utils
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from gis.errors import SourceError, SourceMissingError
from gis.sources.cache import Cache
from gis.sources.download import Answer, Ask, Downloader, Patience
from tests.conftest import REPOSITORY
from tests.publishers import HTML, Publishers

QUICK = Patience(
    tries=3,
    first_s=0.01,
    longest_s=2.0,
    read_s=0.3,
    connect_s=2.0,
    grace_s=0.15,
    slowest_bytes_s=500.0,
    pause_s=0.0,
)
BODY = bytes(range(256)) * 400  # 102,400 bytes, no two places alike enough to join wrongly


@pytest.fixture
def world() -> Iterator[Publishers]:
    with Publishers() as found:
        found.files["a/file.zip"] = BODY
        yield found


def downloader(world: Publishers, folder: Path, **how: object) -> Downloader:
    return Downloader(folder, hosts=frozenset([world.host]), **({"patience": QUICK} | how))  # type: ignore[arg-type]


def get(world: Publishers, folder: Path, **how: object) -> Answer:
    with downloader(world, folder) as client:
        return client.get(Ask(url=world.url("a/file.zip"), **how))  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(p.name.split(".", 1)[1] for p in folder.iterdir())


def test_a_file_comes_whole_with_its_sum_and_name(world: Publishers, tmp_path: Path) -> None:
    """By hand: bytes, SHA-256, size, date of Last-Modified; nothing else is left behind."""
    answer = get(world, tmp_path)
    assert answer.read() == BODY
    assert answer.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (answer.size, answer.name) == (len(BODY), "file.zip")
    assert answer.modified is not None
    assert answer.modified.isoformat() == "2026-11-02"
    assert names(tmp_path) == ["body", "json"]
    assert world.headers[0]["User-Agent"].startswith("arealplan/")
    assert world.headers[0]["Accept-Encoding"] == "identity"


def test_the_second_time_only_a_question_is_sent(world: Publishers, tmp_path: Path) -> None:
    """By counting: If-None-Match with the tag; 304; the same file; a new body is taken."""
    get(world, tmp_path)
    again = get(world, tmp_path)
    assert again.unchanged
    assert again.read() == BODY
    assert world.headers[1]["If-None-Match"].strip('"') in hashlib.sha256(BODY).hexdigest()
    world.files["a/file.zip"] = BODY[::-1]
    newer = get(world, tmp_path)
    assert not newer.unchanged
    assert newer.read() == BODY[::-1]


def test_fresh_files_are_not_asked_for(world: Publishers, tmp_path: Path) -> None:
    """By counting: one request in a day where the publisher wants it so."""
    get(world, tmp_path, fresh_h=24)
    get(world, tmp_path, fresh_h=24)
    assert len(world.asked) == 1


@pytest.mark.parametrize("kind", ["500", "503", "429", "timeout", "truncate", "longer"])
def test_passing_faults_are_tried_again(world: Publishers, tmp_path: Path, kind: str) -> None:
    """By hand: one fault, then the file; three faults, then one clear line."""
    world.fault("file.zip", kind)
    assert get(world, tmp_path).read() == BODY
    assert len(world.asked) >= 2
    world.fault("file.zip", kind, times=9)
    with pytest.raises(SourceError, match="after 3 tries") as caught:
        get(world, tmp_path / "other")
    assert "\n" not in str(caught.value)
    assert world.url("a/file.zip") in str(caught.value)


def test_a_broken_transfer_goes_on_where_it_stopped(world: Publishers, tmp_path: Path) -> None:
    """By counting: the second request asks for the second half, and the halves fit."""
    world.fault("file.zip", "truncate")
    assert get(world, tmp_path).read() == BODY
    assert world.headers[1]["Range"] == f"bytes={len(BODY) // 2}-"
    assert world.headers[1]["If-Range"].startswith('"')


def test_no_halves_of_two_files_are_joined(world: Publishers, tmp_path: Path) -> None:
    """By hand: the file changes between the halves; the whole new one is taken."""
    world.fault("file.zip", "truncate", times=1)
    with downloader(world, tmp_path, patience=replace(QUICK, tries=1)) as client:
        with pytest.raises(SourceError):
            client.get(Ask(url=world.url("a/file.zip")))
        assert "part" in names(tmp_path)
        world.files["a/file.zip"] = BODY[::-1]
        assert client.get(Ask(url=world.url("a/file.zip"))).read() == BODY[::-1]
    assert names(tmp_path) == ["body", "json"]


def test_slow_drip_is_given_up(world: Publishers, tmp_path: Path) -> None:
    """By hand: 50 bytes a second is under the floor of 500; the last good file is kept."""
    get(world, tmp_path)
    world.files["a/file.zip"] = b"x" * 2000
    world.fault("file.zip", "drip", times=9)
    with pytest.raises(SourceError, match=r"only \d+ bytes in"):
        get(world, tmp_path)
    world.faults.clear()
    world.files["a/file.zip"] = BODY
    assert get(world, tmp_path).unchanged


def test_retry_after_is_kept(world: Publishers, tmp_path: Path) -> None:
    """By counting seconds asked for: 1 is waited, an hour is told and not waited."""
    world.fault("file.zip", "429", wait="1")
    before = time.monotonic()
    get(world, tmp_path)
    assert time.monotonic() - before >= 1.0
    world.fault("file.zip", "503", wait="3600")
    with pytest.raises(SourceError, match="asks to wait 3600 s"):
        get(world, tmp_path)
    later = email.utils.formatdate(time.time() + 7200, usegmt=True)
    world.fault("file.zip", "503", wait=later)
    with pytest.raises(SourceError, match=r"asks to wait (7[12]\d\d) s"):
        get(world, tmp_path)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "a web page of"),
        ({"min_bytes": 100_000}, "a web page of"),
    ],
)
def test_a_web_page_with_200_is_no_file(
    world: Publishers, tmp_path: Path, how: dict[str, int], words: str
) -> None:
    """By hand: the soft 404 of 9.6 kB; the file from yesterday stays."""
    get(world, tmp_path)
    assert len(HTML) > 9500
    world.fault("file.zip", "html")
    with pytest.raises(SourceError, match=words):
        get(world, tmp_path, **how)
    assert get(world, tmp_path).read() == BODY


def test_what_comes_must_be_what_it_is(world: Publishers, tmp_path: Path) -> None:
    """By hand: first bytes, smallest and largest size, packed answers, unknown statuses."""
    with pytest.raises(SourceError, match="begins with"):
        get(world, tmp_path, begins=(b"PK\x03\x04",))
    with pytest.raises(SourceError, match="fewer than the 200000"):
        get(world, tmp_path, min_bytes=200_000)
    with pytest.raises(SourceError, match="at most 1000"):
        get(world, tmp_path, max_bytes=1000)
    world.routes["packed"] = lambda *_: (200, b"\x1f\x8b", {"Content-Encoding": "gzip"})
    with downloader(world, tmp_path) as client:
        with pytest.raises(SourceError, match="packed"):
            client.get(Ask(url=world.url("packed")))
        with pytest.raises(SourceError, match="404 Not Found"):
            client.get(Ask(url=world.url("nowhere")))
        assert client.get(Ask(url=world.url("nowhere"), accept=(404,))).status == 404


def test_hosts_and_redirects_stay_in_the_catalogue(world: Publishers, tmp_path: Path) -> None:
    """By hand: foreign hosts, foreign redirects, other schemes, endless rounds."""
    with downloader(world, tmp_path) as client:
        for url in ("http://example.invalid/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "x"):
            with pytest.raises(SourceError, match="no host of"):
                client.get(Ask(url=url))
        assert not world.asked
        for target in ("http://169.254.169.254/latest", "file:///etc/passwd", "//example.invalid"):
            world.fault("file.zip", f"redirect:{target}")
            with pytest.raises(SourceError, match="no host of"):
                client.get(Ask(url=world.url("a/file.zip")))
        world.fault("file.zip", "redirect:/a/file.zip", times=99)
        with pytest.raises(SourceError, match="more than 5 redirects"):
            client.get(Ask(url=world.url("a/file.zip")))
        world.faults.clear()
        world.files["b"] = b"moved"
        world.fault("file.zip", "redirect:/b")
        assert client.get(Ask(url=world.url("a/file.zip"))).read() == b"moved"


def test_offline_knows_only_what_came_before(world: Publishers, tmp_path: Path) -> None:
    """By counting: no request at all."""
    get(world, tmp_path)
    asked = len(world.asked)
    with downloader(world, tmp_path, offline=True) as client:
        assert client.get(Ask(url=world.url("a/file.zip"))).read() == BODY
        assert client.size_of(Ask(url=world.url("a/file.zip"))) == len(BODY)
        with pytest.raises(SourceMissingError, match="switched off"):
            client.get(Ask(url=world.url("other")))
    assert len(world.asked) == asked


def test_one_connection_at_a_time(world: Publishers, tmp_path: Path) -> None:
    """By counting at the server: four threads, never two answers at once."""
    for i in range(4):
        world.files[f"f{i}"] = b"x" * 200_000
    with downloader(world, tmp_path) as client:
        threads = [
            threading.Thread(target=client.get, args=(Ask(url=world.url(f"f{i}")),))
            for i in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(world.asked) == 4
    assert world.most_at_once == 1


def test_proxy_of_the_environment_is_used(
    world: Publishers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: a name that is nowhere is reached through the proxy named by HTTP_PROXY."""
    for name in ("NO_PROXY", "no_proxy", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", f"http://{world.host}")
    world.routes["http:*"] = lambda *_: b"through the proxy"
    world.routes["x"] = lambda *_: b"through the proxy"
    with Downloader(tmp_path, hosts=frozenset(["far.invalid"]), patience=QUICK) as client:
        assert client.get(Ask(url="http://far.invalid/x")).read() == b"through the proxy"
    assert "far.invalid" in world.asked[0]


def test_a_certificate_file_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: SSL_CERT_FILE is read, so a wrong one cannot pass unseen."""
    bad = tmp_path / "c.pem"
    bad.write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(bad))
    with (
        Downloader(tmp_path / "c", hosts=frozenset(["a.invalid"]), patience=QUICK) as client,
        pytest.raises(SourceError, match="SSL_CERT_FILE"),
    ):
        client.get(Ask(url="https://a.invalid/x"))


def test_kill_leaves_the_last_good_file(world: Publishers, tmp_path: Path) -> None:
    """By hand: kill -9 in the middle of a transfer; the next run takes up the rest."""
    get(world, tmp_path)
    new = BODY[::-1] * 40
    world.files["a/file.zip"] = new
    world.fault("file.zip", "stall")
    code = (
        "import sys; from pathlib import Path\n"
        "from gis.sources.download import Ask, Downloader, Patience\n"
        "host, url, folder = sys.argv[1:]\n"
        "client = Downloader(Path(folder), hosts=frozenset([host]), patience=Patience())\n"
        "client.get(Ask(url=url))\n"
    )
    arguments = [world.host, world.url("a/file.zip"), str(tmp_path)]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=REPOSITORY)
    part = next(iter(tmp_path.glob("*.body"))).with_suffix(".part")
    deadline = time.monotonic() + 60
    while not (part.is_file() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < part.stat().st_size < len(new)
    with downloader(world, tmp_path, offline=True) as client:
        assert client.get(Ask(url=world.url("a/file.zip"))).read() == BODY
    assert get(world, tmp_path).read() == new
    assert "Range" in world.headers[-1]


def test_a_damaged_cache_costs_one_download(world: Publishers, tmp_path: Path) -> None:
    """By hand: a note that is no JSON, a body cut short, a note of another body."""
    answer = get(world, tmp_path)
    note = next(tmp_path.glob("*.json"))
    whole = note.read_text()
    for damage in ("{", "[]", json.dumps({"sha256": "x"})):
        note.write_text(damage)
        assert get(world, tmp_path).read() == BODY
    note.write_text(whole)
    assert answer.path is not None
    answer.path.write_bytes(BODY[:10])
    assert get(world, tmp_path).read() == BODY


def test_old_answers_go(world: Publishers, tmp_path: Path) -> None:
    """By hand: an answer of 61 days goes with its note, one of today stays."""
    get(world, tmp_path)
    world.files["b"] = b"new"
    with downloader(world, tmp_path) as client:
        client.get(Ask(url=world.url("b")))
    old = time.time() - 61 * 86_400
    key = Ask(url=world.url("a/file.zip")).key
    for file in tmp_path.glob(f"{key}.*"):
        os.utime(file, (old, old))
    Cache(tmp_path).prune(older_h=60 * 24)
    assert [p.name for p in tmp_path.glob(f"{key}.*")] == []
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told(world: Publishers, tmp_path: Path) -> None:
    """By hand."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SourceError, match="cannot"):
            get(world, tmp_path / "cache")
    finally:
        tmp_path.chmod(0o700)


def full_disk(_: object) -> IO[bytes]:
    return Path("/dev/full").open("wb")


def test_a_full_disk_is_told(
    world: Publishers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: /dev/full stands in for the disk; the file of before stays."""
    get(world, tmp_path)
    world.files["a/file.zip"] = BODY[::-1]
    monkeypatch.setattr("gis.sources.cache.Part.open", full_disk)
    with pytest.raises(SourceError, match="No space left"):
        get(world, tmp_path)
    monkeypatch.undo()
    ask = Ask(url=world.url("a/file.zip"))
    kept = Cache(tmp_path).kept(ask.key)
    assert kept is not None
    assert kept.path.read_bytes() == BODY
