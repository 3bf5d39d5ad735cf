"""numpy arrays in MessagePack: as their bytes, so that encoding a table costs a copy and decoding it none."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np


def encode_array(value: Any) -> Any:
    """An `enc_hook`: (dtype, shape, bytes)."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, np.ascontiguousarray(value).data)
    raise NotImplementedError(f"a {type(value).__name__} has no encoding")


def decode_array(shape: type, value: Any) -> Any:
    """A `dec_hook`: a read-only view of the encoded bytes. Raises ValidationError."""
    try:
        dtype, dimensions, data = value
        return np.frombuffer(data, dtype=dtype).reshape(dimensions)
    except (TypeError, ValueError) as error:
        raise msgspec.ValidationError(f"not an array ({error})") from None
