"""Plain data survives the wire to the bit, and bytes that are no message are refused, whatever they are."""

import contextlib
import json
import pickle
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.checking import wire
from tutor.checking.plain import ARRAYS, TENSORS, Thing, plain, words
from tutor.checking.probes import same
from tutor.checking.wire import WireError, decode, encode

NUMBERS = st.one_of(st.booleans(), st.integers(), st.floats(), st.complex_numbers())
ATOMS = st.one_of(st.none(), st.just(...), NUMBERS, st.text())
KEYS = st.one_of(st.none(), st.booleans(), st.integers(), st.text())
PLAIN = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner), st.tuples(inner, inner), st.dictionaries(KEYS, inner, max_size=4), st.builds(Thing, st.text())
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_data_arrives_as_it_was_sent(value):
    arrived = decode(encode(value))
    assert repr(arrived) == repr(value) and type(arrived) is type(value)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_arrive_as_they_were_sent(name, shape):
    sent = np.asarray(np.random.default_rng(0).normal(size=shape) * 5).astype(name)
    arrived = decode(encode([sent, sent.T, sent[..., None][..., ::-1]]))
    assert type(arrived[0]) is np.ndarray and same([sent, sent.T, sent[..., None][..., ::-1]], arrived)
    arrived[0][...] = 0  # what arrives can be written to


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
@pytest.mark.parametrize("name", TENSORS)
def test_tensors_arrive_as_they_were_sent_with_their_flag(name, shape):
    sent = torch.tensor(np.random.default_rng(0).normal(size=shape) * 5).to(getattr(torch, name))
    (arrived,) = decode(encode([sent]))
    assert type(arrived) is torch.Tensor and same(sent, arrived) and not arrived.requires_grad
    if sent.is_floating_point():
        assert decode(encode(plain((sent.requires_grad_() * 1).sum() * sent))).requires_grad


def test_a_truth_that_is_neither_is_one_or_the_other():
    message = bytearray(encode([np.array([True, False]), torch.tensor([True, False])]))
    message[-4:] = b"\x07\x00\x09\x00"
    arrived = decode(bytes(message))
    assert arrived[0].tolist() == [True, False] and (arrived[0] == np.array([True, False])).all()
    assert arrived[1].tolist() == [True, False] and int(arrived[1].sum()) == 1


class Evil:
    """Answers for whatever is asked of it."""

    ran = False

    def __reduce__(self):
        return (setattr, (Evil, "ran", True))

    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize(
    "value", [Evil(), {1}, np.float32(1), np.array([Evil()]), type("Int", (int,), {})(3), b"bytes"]
)
def test_what_is_not_plain_does_not_travel_and_is_told_in_words_instead(value):
    with pytest.raises(WireError, match="no plain data"):
        encode([value])
    assert decode(encode(plain(value))) is not None and not Evil.ran


def test_a_subclass_comes_out_as_what_it_is_a_kind_of():
    class Tensor(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            raise AssertionError("the answer's own code runs")

    mine = torch.ones(2).as_subclass(Tensor)
    with torch._C.DisableTorchFunctionSubclass():
        assert type(plain(mine)) is torch.Tensor
    for value, kind in ((type("List", (list,), {"__iter__": None})([1]), list), (np.ma.array([1.0]), np.ndarray)):
        assert type(plain(value)) is kind


def _header(header, rest=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(4, "little") + text + rest


BAD = {
    "nothing": b"",
    "a pickle": pickle.dumps([1]),
    "a header that is longer than the message": b"\xff\xff\x00\x00[]",
    "a huge header": (2**31).to_bytes(4, "little"),
    "no JSON": _header(b"{"),
    "no tag": _header(3),
    "an unknown tag": _header(["eval", "1"]),
    "a tag that cannot be hashed": _header([["int"], "1"]),
    "too few fields": _header(["int"]),
    "another type": _header(["int", 3]),
    "a truth for a number": _header(["array", "int8", [True]], b"\x01"),
    "no digits": _header(["int", "zz"]),
    "bare NaN": _header(b'["bool", NaN]'),
    "an array of objects": _header(["array", "object", [1]], bytes(8)),
    "a negative size": _header(["array", "int8", [-1]]),
    "a shape without end": _header(["array", "int8", [2**26, 2**26, 2**26]]),
    "a shape of nothing": _header(["array", "int8", [2**26] * 32 + [0]]),
    "a buffer that is too short": _header(["array", "int64", [2]], bytes(15)),
    "a buffer that is too long": _header(["array", "int64", [2]], bytes(17)),
    "a gradient of whole numbers": _header(["tensor", "int64", [1], True], bytes(8)),
    "a key that cannot be hashed": _header(["dict", [[["list", []], ["none"]]]]),
    "a key that stands twice": _header(["dict", [[["int", "1"], ["none"]], [["bool", True], ["none"]]]]),
    "no pairs": _header(["dict", [[["int", "1"]]]]),
    "too deep": _header(b'["list",[' * 60 + b'["none"]' + b"]]" * 60),
    "very deep": _header(b"[" * 100_000 + b"]" * 100_000),
    "a thing of many words": _header(["thing", "x" * 3000, "", False]),
}


@pytest.mark.parametrize("message", BAD.values(), ids=BAD.keys())
def test_what_is_no_message_is_refused(message):
    with pytest.raises(WireError):
        decode(message)


@settings(max_examples=300)
@given(st.data())
def test_a_message_that_was_changed_is_refused_or_read_and_never_a_crash(data):
    value = {"a": [1, 2.5, "text", None], "b": (np.arange(6.0).reshape(2, 3), torch.ones(3, requires_grad=True))}
    message = bytearray(encode(value))
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(message))
        message[place : place + rng.choice((0, 1, 1, 4))] = rng.randbytes(rng.choice((0, 1, 4)))
    with contextlib.suppress(WireError):  # any other error is a crash
        decode(bytes(message))


def test_a_message_has_a_largest_size(monkeypatch):
    monkeypatch.setattr(wire, "LARGEST", 1000)
    with pytest.raises(WireError, match="at most"):
        encode(np.zeros(1000))
    with pytest.raises(WireError, match="announced"):
        wire.read(lambda count: (2000).to_bytes(4, "little"))


def test_a_stream_that_is_broken_off_is_told_from_one_that_ended():
    def stream(content):
        left = [content]

        def receive(count):
            part, left[0] = left[0][:count], left[0][count:]
            return part

        return receive

    whole = wire.framed(encode("x"))
    assert decode(wire.read(stream(whole))) == "x"
    with pytest.raises(EOFError):
        wire.read(stream(b""))
    for cut in (2, len(whole) - 1):
        with pytest.raises(WireError):
            wire.read(stream(whole[:cut]))


def test_words_hold_no_control_characters_and_have_an_end():
    assert words("a\x1b[31mb\r\n\tc\x00\u202e") == "a[31mb\n    c"
    assert len(words("x" * 10_000)) == 2_000
    assert words(words("a\tb\n\u00a0")) == words("a\tb\n\u00a0")


def test_a_number_or_a_dict_that_would_keep_the_judge_busy_crosses_neither_way():
    keys = {k * (2**61 - 1): None for k in range(1, wire.MOST_KEYS + 2)}  # which have one hash
    for value in (10**309, -(10**309), keys):
        with pytest.raises(WireError, match="no plain data, or too large"):
            encode(value)
    digits, pairs = "f" * 300, ",".join(f'[["int","{key:x}"],["none"]]' for key in keys)
    for header in (f'["int","{digits}"]', f'["dict",[{pairs}]]'):
        with pytest.raises(WireError, match=r"too large|too many"):
            decode(len(header).to_bytes(4, "little") + header.encode())
    assert decode(encode(10**308)) == 10**308
