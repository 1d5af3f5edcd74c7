"""Tests that a download ends with the right data or with nothing, and says why in one sentence."""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tutor.data import FULL, DataError, fetch, mirrors, status

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def send(handler, content, **options):
    handler.send_content(content, **options)


WHOLE = sorted(f"{name}.gz" for name in FULL)


def fetch_error(mirror, root=None, addresses=None) -> str:
    with pytest.raises(DataError) as caught:
        fetch(root, mirrors=addresses or [mirror.address])
    return str(caught.value)


def test_what_is_missing_is_fetched_into_the_cache(world, mirror):
    place = fetch(mirrors=[mirror.address])
    assert (place.source, place.folder) == ("download", world.cache_raw) and names_in(world.cache_raw) == WHOLE


def test_what_was_fetched_is_found_whole(world, mirror):
    fetch(mirrors=[mirror.address])
    assert status()[1].state == "whole"


def test_a_folder_asked_for_is_filled_in_torchvisions_layout(world, mirror):
    fetch(world.folder / "mine", mirrors=[mirror.address])
    assert names_in(world.folder / "mine" / "FashionMNIST" / "raw") == WHOLE


@pytest.mark.parametrize("place", ["system", "cache_raw"])
def test_nothing_is_fetched_that_is_there(world, mirror, place):
    world.put(getattr(world, place))
    fetch(mirrors=[mirror.address])
    assert mirror.requests == []


def test_only_the_missing_files_are_fetched(world, mirror):
    world.put(world.cache_raw, (IMAGES, LABELS))
    fetch(mirrors=[mirror.address])
    assert [Path(path).name for path in mirror.requests] == ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


def test_a_damaged_file_in_the_cache_is_set_aside_and_fetched_anew(world, mirror):
    world.put(world.cache_raw)
    (world.cache_raw / f"{IMAGES}.gz").write_bytes(b"damage")
    fetch(mirrors=[mirror.address])
    assert status()[1].state == "whole" and (world.cache_raw / f"{IMAGES}.gz.damaged").read_bytes() == b"damage"


def test_a_second_damaged_file_does_not_replace_the_first(world, mirror):
    for damage in (b"one", b"two"):
        world.put(world.cache_raw)
        (world.cache_raw / f"{IMAGES}.gz").write_bytes(damage)
        fetch(mirrors=[mirror.address])
    set_aside = [world.cache_raw / f"{IMAGES}.gz.damaged", world.cache_raw / f"{IMAGES}.gz.damaged2"]
    assert [path.read_bytes() for path in set_aside] == [b"one", b"two"]


def test_a_damaged_file_in_a_folder_asked_for_is_named_and_left_alone(world, mirror, is_one_sentence):
    mine = world.put(world.folder / "mine")
    (mine / f"{IMAGES}.gz").write_bytes(b"damage")
    text = fetch_error(mirror, mine)
    assert str(mine / f"{IMAGES}.gz") in text and is_one_sentence(text) and names_in(mine) == WHOLE


def test_a_damaged_file_among_missing_ones_is_left_alone_too(world, mirror):
    raw = world.put(world.folder / "mine" / "FashionMNIST" / "raw", (IMAGES,))
    (raw / f"{IMAGES}.gz").write_bytes(b"damage")
    assert str(raw / f"{IMAGES}.gz") in fetch_error(mirror, world.folder / "mine") and names_in(raw) == [f"{IMAGES}.gz"]


def test_the_progress_is_shown_up_to_the_end(world, mirror, capsys):
    fetch(mirrors=[mirror.address])
    assert f"fetching {IMAGES}: 100 %\n" in capsys.readouterr().err


def test_the_line_of_a_progress_that_breaks_off_is_ended(world, mirror, capsys):
    mirror.answer = lambda handler, content: send(handler, bytes(200_000), announced=300_000)
    fetch_error(mirror)
    assert capsys.readouterr().err.endswith("%\n")


def test_the_second_mirror_is_asked_where_the_first_fails(world, mirror):
    answers = iter([lambda handler, content: send(handler, b"", status=500)])
    mirror.answer = lambda handler, content: next(answers, send)(handler, content)
    assert fetch(mirrors=[mirror.address, mirror.address]).source == "download"


def test_a_server_that_unpacks_on_the_way_does_no_harm(world, mirror):
    mirror.answer = lambda handler, content: send(handler, world.contents[handler.path.split("/")[-1][:-3]])
    fetch(mirrors=[mirror.address])
    assert names_in(world.cache_raw) == sorted(FULL)


def test_tutor_offline_forbids_the_network(world, mirror, monkeypatch, is_one_sentence):
    monkeypatch.setenv("TUTOR_OFFLINE", "1")
    text = fetch_error(mirror)
    assert "TUTOR_OFFLINE" in text and is_one_sentence(text) and mirror.requests == []


def cut(handler, content):
    send(handler, content[:-20], announced=len(content))


def cut_without_length(handler, content):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content[:-20])


def reset(handler, content):
    send(handler, content[:-20], announced=len(content))
    handler.wfile.flush()
    handler.connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    )
    handler.connection.close()


def html(handler, content):
    send(handler, b"<!DOCTYPE html><html><body>Please sign in to use this network</body></html>")


def other_data(handler, content):
    send(handler, content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])


def nonsense_length(handler, content):
    handler.send_response(200)
    handler.send_header("Content-Length", "many")
    handler.end_headers()
    handler.wfile.write(content)


def redirect_for_ever(handler, content):
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.end_headers()


BAD_ANSWERS = {
    "cut": (cut, "broke off"),
    "cut without a length": (cut_without_length, "cut short"),
    "reset": (reset, "127.0.0.1"),
    "a web page": (html, "web page"),
    "other data": (other_data, "corrupt"),
    "not found": (lambda handler, content: send(handler, b"<html>", status=404), "answered 404"),
    "nothing": (lambda handler, content: send(handler, b""), "too short"),
    "a length that is no number": (nonsense_length, "127.0.0.1"),
    "endless redirection": (redirect_for_ever, "TooManyRedirects"),
    "no answer at all": (lambda handler, content: None, "could not be reached"),
}


@pytest.mark.parametrize(("answer", "phrase"), BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_a_bad_answer_gets_one_sentence_and_leaves_nothing(world, mirror, answer, phrase, is_one_sentence):
    mirror.answer = answer
    text = fetch_error(mirror)
    assert is_one_sentence(text) and phrase in text and names_in(world.cache_raw) == []


def test_a_download_cut_in_its_second_file_keeps_the_first_and_is_continued(world, mirror):
    mirror.answer = lambda handler, content: (cut if LABELS in handler.path else send)(handler, content)
    fetch_error(mirror)
    kept = names_in(world.cache_raw)
    mirror.answer, mirror.requests = send, []
    fetch(mirrors=[mirror.address])
    assert kept == [f"{IMAGES}.gz"] and len(mirror.requests) == 3


def test_a_mirror_that_falls_silent_is_given_up(world, mirror, monkeypatch, is_one_sentence):
    monkeypatch.setattr(mirrors, "TIMEOUT", (1.0, 0.2))
    mirror.answer = lambda handler, content: handler.rfile.read(1)
    text = fetch_error(mirror)
    assert "did not answer in time" in text and is_one_sentence(text)


def test_a_mirror_that_never_ends_is_stopped(world, mirror, monkeypatch):
    monkeypatch.setattr(mirrors, "LARGEST", 1_000_000)
    mirror.answer = lambda handler, content: send(handler, bytes(5_000_000))
    assert "sent more than" in fetch_error(mirror) and names_in(world.cache_raw) == []


def test_a_machine_without_a_network_is_told_so(world, mirror, is_one_sentence):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        text = fetch_error(mirror, addresses=[f"http://127.0.0.1:{closed.getsockname()[1]}/"])
    assert "could not be reached" in text and "tutor data" in text and is_one_sentence(text)


def test_a_proxy_that_refuses_to_connect_is_named_as_the_cause(world, mirror, monkeypatch, is_one_sentence):
    monkeypatch.setenv("https_proxy", mirror.address)
    text = fetch_error(mirror, addresses=["https://mirror.invalid/"])
    assert "mirror.invalid could not be reached through the proxy" in text and is_one_sentence(text)


def test_a_proxy_that_asks_for_a_password_is_quoted(world, mirror, monkeypatch, is_one_sentence):
    monkeypatch.setenv("http_proxy", mirror.address)
    mirror.answer = lambda handler, content: send(handler, b"<html>", status=407)
    text = fetch_error(mirror, addresses=["http://mirror.invalid/"])
    assert "answered 407 Proxy Authentication Required" in text and is_one_sentence(text)


def test_a_cache_that_cannot_be_made_is_named_with_a_way_out(world, mirror, monkeypatch, is_one_sentence):
    (world.folder / "file").write_text("in the way")
    monkeypatch.setenv("TUTOR_DATA", str(world.folder / "file" / "cache"))
    text = fetch_error(mirror)
    assert "cannot be written" in text and "TUTOR_DATA" in text and is_one_sentence(text)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_a_read_only_cache_is_named_with_a_way_out(world, mirror, monkeypatch, is_one_sentence):
    # outside pytest's own folder, which only its owner may enter
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        monkeypatch.setenv("TUTOR_DATA", folder)
        was_root = os.geteuid() == 0
        if was_root:  # root may write everywhere
            os.seteuid(65534)
        try:
            text = fetch_error(mirror)
        finally:
            if was_root:
                os.seteuid(0)
            Path(folder).chmod(0o755)
    assert "cannot be written (Permission denied)" in text and is_one_sentence(text)


SCRIPT = """
import json, sys
from tutor.data import FULL, DataError, fetch, places
published, system, address = json.loads(sys.argv[1])
FULL.update(published)
places.SYSTEM_FOLDER = places.Path(system)
try:
    print(fetch(mirrors=[address]).source)
except DataError as error:
    print(error)
"""


def start_process(world, mirror, prelude="") -> subprocess.Popen:
    """Fetch in a process of its own, which sees the same world."""
    arguments = json.dumps([FULL, str(world.system), mirror.address])
    command = [sys.executable, "-c", prelude + SCRIPT, arguments]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files, which stands for a full disk")
def test_a_full_disk_gets_one_sentence_and_leaves_nothing(world, mirror, is_one_sentence):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
    text, _ = start_process(world, mirror, limit).communicate(timeout=300)
    assert "cannot be written (File too large)" in text and is_one_sentence(text.strip())
    assert names_in(world.cache_raw) == []


def test_processes_at_once_fetch_each_file_once(world, mirror):
    def slowly(handler, content):
        time.sleep(0.1)
        send(handler, content)

    mirror.answer = slowly
    processes = [start_process(world, mirror) for _ in range(3)]
    outputs = [process.communicate(timeout=300) for process in processes]
    assert all(out.strip() in ("download", "cache") for out, _ in outputs), outputs
    assert sorted(Path(path).name for path in mirror.requests) == WHOLE and names_in(world.cache_raw) == WHOLE


def test_a_killed_download_hinders_nobody(world, mirror, wait_until):
    def stall(handler, content):
        send(handler, content[:-20], announced=len(content))
        handler.wfile.flush()
        handler.rfile.read(1)

    mirror.answer = stall
    process = start_process(world, mirror)
    wait_until(lambda: names_in(world.cache_raw) != [])
    process.kill()
    process.communicate()
    mirror.answer = send
    fetch(mirrors=[mirror.address])
    assert names_in(world.cache_raw) == WHOLE


def test_a_process_that_waits_too_long_for_another_says_so(world, mirror, monkeypatch, is_one_sentence):
    import filelock

    monkeypatch.setattr(mirrors, "LOCK_SECONDS", 0.05)
    world.cache_raw.mkdir(parents=True)
    with filelock.FileLock(world.cache_raw.parent / ".fetch.lock"):
        text = fetch_error(mirror)
    assert "another process" in text and is_one_sentence(text)


@pytest.fixture
def no_certificates(monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_are_gone_are_told_as_what_they_are(
    world, mirror, is_one_sentence, no_certificates, monkeypatch, variable
):
    """requests raises an OSError of no file of ours, which was told as a folder that cannot be written."""
    monkeypatch.setenv(variable, str(world.folder / "gone.pem"))
    text = fetch_error(mirror, addresses=["https://mirror.invalid/"])
    assert f"was not asked, because {variable} names {world.folder / 'gone.pem'}, which is not there" in text
    assert f"unset {variable}, and run `tutor data`" in text and is_one_sentence(text)


def test_a_mirror_that_needs_no_certificates_is_asked_all_the_same(world, mirror, no_certificates, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(world.folder / "gone.pem"))
    assert fetch(mirrors=["https://mirror.invalid/", mirror.address]).source == "download"


def test_certificates_that_do_not_vouch_for_a_mirror_are_named(no_certificates, monkeypatch):
    from requests.exceptions import SSLError

    assert mirrors._explain(SSLError()) == "showed a certificate that is not trusted"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/old.pem")
    told = "showed a certificate that is not in /etc/old.pem, which REQUESTS_CA_BUNDLE names"
    assert mirrors._explain(SSLError()) == told


def test_a_file_that_was_cut_short_beside_a_whole_packed_one_needs_no_mirror(world, mirror):
    world.put(world.cache_raw)
    (world.cache_raw / IMAGES).write_bytes(world.contents[IMAGES][:1000])
    fetch(mirrors=[mirror.address])
    assert mirror.requests == [] and names_in(world.cache_raw) == sorted([*WHOLE, IMAGES])


def test_a_file_system_without_locks_is_told(world, mirror, is_one_sentence, monkeypatch):
    import filelock

    refuse = NotImplementedError("the file system has no locks")
    monkeypatch.setattr(filelock.FileLock, "acquire", lambda *a, **k: (_ for _ in ()).throw(refuse))
    text = fetch_error(mirror)
    assert "cannot be written (the file system has no locks)" in text and is_one_sentence(text)
