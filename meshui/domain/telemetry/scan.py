"""Many samples of a Prometheus answer at once, by numpy, when they are written exactly as Prometheus writes them.

No Python object is made for a sample: marks are found, checked and compared in the bytes, eight at a time. Whatever is
not as expected (an escape, a brace in a label's value, a space, a native histogram) makes the scan decline, and a JSON
decoder reads the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from meshui.domain.telemetry.rows import FloatColumn

_Offsets = NDArray[np.int64]
_Words = NDArray[np.uint64]
_Part = tuple[_Offsets, _Offsets]
"""Where a stretch of each sample starts and ends."""

_WORD: Final = 8
_MASKS: Final = np.array([(1 << 8 * length) - 1 for length in range(_WORD + 1)], dtype=np.uint64)
"""What keeps the first so many bytes of a word."""
_MIXERS: Final = ((np.uint64(0x9E3779B97F4A7C15), np.uint64(29)), (np.uint64(0xD6E8FEB86659FD93), np.uint64(32)))
"""Odd multipliers and shifts of the two halves of a mix."""
_LE: Final = b'"le":"'
_LE_WORDS: Final = 3
"""Words that hold the longest bound and the quote after it."""

_TIME: Final = msgspec.json.Decoder(tuple[float])
_VALUES: Final = msgspec.json.Decoder(list[float])


class Scanned(msgspec.Struct, frozen=True):
    """`texts`: each different label set as JSON with its `le` emptied, by first appearance; `label_set`, `bound` (nan
    without) and `value`: one element a sample."""

    texts: Sequence[bytes]
    label_set: NDArray[np.intp]
    bound: FloatColumn
    value: FloatColumn


def scan(text: bytes) -> Scanned | None:
    """The samples in `{"metric":{...},"value":[<time>,"<number>"]},{...},...`, or None when they are written in any
    other way."""
    if b"\\" in text or len(text) < 64:
        return None
    symbols = np.frombuffer(text, np.uint8)
    opened, closed = np.flatnonzero(symbols == ord("[")), np.flatnonzero(symbols == ord("]"))
    count = len(opened)
    if not count or len(closed) != count or np.count_nonzero(symbols == ord("{")) != 2 * count:
        return None
    started = np.concatenate((np.zeros(1, np.int64), closed[:-1] + 3))
    metric, ended = started + len(b'{"metric":'), opened - len(b',"value":')
    if closed[-1] + 2 != len(text) or not (np.all(metric + 2 <= ended) and np.all(opened + 3 < closed)):
        return None
    words: _Words = np.ndarray((len(text) - _WORD + 1,), np.dtype("<u8"), text, 0, (1,))
    if not (
        _all(words, started, b'{"metric')
        and _all(words, started + 3, b'etric":{')
        and _all(words, ended - 1, b'},"value')
        and _all(words, ended + 1, b'"value":')
        and np.all(symbols[closed - 1] == ord('"'))
        and np.all(symbols[closed + 1] == ord("}"))
        and np.all(symbols[closed[:-1] + 2] == ord(","))
    ):
        return None
    value = _values(text, symbols, opened, closed)
    found = _bounds(text, words, symbols, metric, ended)
    if value is None or found is None:
        return None
    parts, bound = found
    label_set, first = _groups(words, parts)
    gap = b"" if len(parts) == 1 else b'"le":""'
    texts = [gap.join(text[start[one] : end[one]] for start, end in parts) for one in first.tolist()]
    return Scanned(texts, label_set, bound, value)


def _all(words: _Words, offsets: _Offsets, what: bytes) -> bool:
    return bool(np.all(words[offsets] == int.from_bytes(what, "little")))


def _values(text: bytes, symbols: NDArray[np.uint8], opened: _Offsets, closed: _Offsets) -> FloatColumn | None:
    """The numbers of the samples, whose times must all be the same."""
    time = text[int(opened[0]) + 1 : text.find(b",", int(opened[0]))]
    head = np.frombuffer(time + b',"', np.uint8)
    numbers = opened + 1 + len(head)
    lengths = closed - 1 - numbers
    if lengths.min() <= 0 or not np.all(symbols[opened[:, None] + np.arange(1, 1 + len(head))] == head):
        return None
    # The numbers, one after the other with a comma behind each, are a list that JSON's own rules read.
    ends = np.cumsum(lengths + 1)
    gathered = symbols[np.repeat(numbers - ends + lengths + 1, lengths + 1) + np.arange(ends[-1])]
    gathered[ends - 1] = ord(",")
    try:
        _TIME.decode(b"[" + time + b"]")
        found = _VALUES.decode(b"[" + gathered[:-1].tobytes() + b"]")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return np.array(found) if len(found) == len(opened) else None


def _bounds(
    text: bytes, words: _Words, symbols: NDArray[np.uint8], metric: _Offsets, ended: _Offsets
) -> tuple[list[_Part], FloatColumn] | None:
    """(the parts of each label set around its `le`, the bounds); None when only some samples have an `le`, or one can't
    be read."""
    pairs = []
    for shift in (0, 1):
        both = symbols[shift : shift + (len(symbols) - shift) // 2 * 2].view("<u2")
        pairs.append(np.flatnonzero(both == int.from_bytes(_LE[:2], "little")) * 2 + shift)
    place = np.sort(np.concatenate(pairs))
    place = place[place < len(words)]
    place = place[(words[place] & _MASKS[len(_LE)]) == int.from_bytes(_LE, "little")]
    if not len(place):
        return [(metric, ended)], np.full(len(metric), np.nan)
    if len(place) != len(metric) or not np.all((place > metric) & (place < ended)):
        return None
    start = place + len(_LE)
    if start[-1] + _WORD * _LE_WORDS > len(text):
        return None
    quotes = np.stack([words[start + _WORD * number] for number in range(_LE_WORDS)], axis=1).view(np.uint8) == ord('"')
    end = start + quotes.argmax(axis=1)
    if not quotes.any(axis=1).all():
        return None
    which, first = _groups(words, [(start, end)])
    try:
        bounds = np.array([float(text[start[one] : end[one]]) for one in first.tolist()])
    except ValueError:
        return None
    return [(metric, place), (end + 1, ended)], bounds[which]


def _groups(words: _Words, parts: list[_Part]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which texts, made of parts each, are the same: (the number of each text's group by first appearance, the first of
    each group). Texts are told apart by 128 mixed bits; making two of one mix would gain nothing that naming the other
    in a label would not."""
    mixes = [np.zeros(len(parts[0][0]), np.uint64) for _ in _MIXERS]
    for start, end in parts:
        length = end - start
        whole, most = int(length.min()) // _WORD, -(-int(length.max()) // _WORD)
        for number in range(most):
            if number < whole:
                word = words[start + number * _WORD]
            else:
                left = np.clip(length - number * _WORD, 0, _WORD)
                word = words[np.minimum(start + number * _WORD, len(words) - 1)] & _MASKS[left]
            for mix, (multiplier, shift) in zip(mixes, _MIXERS, strict=True):
                mix ^= word
                mix *= multiplier
                mix ^= mix >> shift
        for mix in mixes:
            mix ^= length.astype(np.uint64)
    half, other = mixes
    _, first, group = np.unique(half, return_index=True, return_inverse=True)
    leader = first[group]
    alone = np.flatnonzero(other != other[leader])
    leader[alone] = alone
    first, group = np.unique(leader, return_inverse=True)
    return group, first
