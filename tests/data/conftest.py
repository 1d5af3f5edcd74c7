"""A FashionMNIST of 40 images, a machine that holds nothing else, and a mirror that misbehaves on demand."""

import gzip
import hashlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tutor.data import FULL, idx_header, places


@dataclass
class World:
    """The folders that the search sees, and the files that stand for the published ones."""

    folder: Path
    contents: dict[str, bytes]

    @property
    def system(self) -> Path:
        return self.folder / "system"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def cache_raw(self) -> Path:
        return self.cache / "FashionMNIST" / "raw"

    def put(self, folder: Path, names: tuple[str, ...] = tuple(FULL), packed: bool = True) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            content = self.contents[name]
            path = folder / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)
        return folder


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    """A machine without FashionMNIST, on which 24 + 16 random images are the published data set."""
    contents = {}
    rng = np.random.default_rng(0)
    for split, count in (("train", 24), ("t10k", 16)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        contents[f"{split}-images-idx3-ubyte"] = idx_header(images.shape) + images.tobytes()
        contents[f"{split}-labels-idx1-ubyte"] = idx_header(labels.shape) + labels.tobytes()
    for name, content in contents.items():
        monkeypatch.setitem(FULL, name, hashlib.sha256(content).hexdigest())
    world = World(tmp_path, contents)
    monkeypatch.setattr(places, "SYSTEM_FOLDER", world.system)
    monkeypatch.setenv("TUTOR_DATA", str(world.cache))
    monkeypatch.delenv("TUTOR_OFFLINE", raising=False)
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    return world


@dataclass
class Mirror:
    """A server that sends the files of a world, or whatever `answer` makes of a request.

    `answer` gets the request handler and the packed content, and writes the response itself.
    """

    address: str = ""
    requests: list[str] = field(default_factory=list)
    answer: object = None


@pytest.fixture
def mirror(world):
    """A well-behaved mirror of the world's data set, until a test gives it another `answer`."""
    mirror = Mirror(answer=lambda handler, content: handler.send_content(content))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mirror.requests.append(self.path)
            name = self.path.rsplit("/", 1)[-1].removesuffix(".gz")
            mirror.answer(self, gzip.compress(world.contents[name]))

        def send_content(self, content: bytes, *, status: int = 200, announced: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content) if announced is None else announced))
            self.end_headers()
            self.wfile.write(content)

        def do_CONNECT(self) -> None:
            mirror.requests.append(self.path)
            self.send_error(403)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """Say nothing of clients that hang up: the tests make them do so."""

    with Server(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        mirror.address = f"http://127.0.0.1:{server.server_port}/fashion/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield mirror
        server.shutdown()
        thread.join()


@pytest.fixture
def is_one_sentence():
    """Judge the text of an error: one sentence, one line, with a full stop."""

    def judge(text: str) -> bool:
        return text.endswith(".") and "\n" not in text and ". " not in text and "Traceback" not in text

    return judge


@pytest.fixture
def wait_until():
    """Wait for something that another thread or process does."""

    def wait(condition) -> None:
        for _ in range(12_000):  # two minutes of sleep: only a hang takes so long
            if condition():
                return
            time.sleep(0.01)
        raise AssertionError("it did not happen")

    return wait


@pytest.fixture
def pixels() -> np.ndarray:
    """A grey picture of 5 x 7 without a symmetry and without a 0."""
    return np.arange(1, 36, dtype=np.uint8).reshape(5, 7)


@pytest.fixture
def every_move():
    """A function that gives a picture, as bytes, after every move of up to so many pixels."""
    return _every_move


def _every_move(pixels: np.ndarray, most: int) -> set[bytes]:
    steps = range(-most, most + 1)
    return {_moved(pixels, down, right).tobytes() for down in steps for right in steps}


def _moved(pixels: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move a picture the slow and obvious way, pixel by pixel."""
    result = np.zeros_like(pixels)
    for i, j in np.ndindex(pixels.shape):
        if 0 <= i - down < pixels.shape[0] and 0 <= j - right < pixels.shape[1]:
            result[i, j] = pixels[i - down, j - right]
    return result
