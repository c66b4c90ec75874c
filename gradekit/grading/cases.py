"""Arguments of a call as bytes: equal ones for equal arguments, and a copy whenever it is needed.

torch's own pickles say where in memory a tensor lies, so those of equal tensors differ, and each
takes longer than most calls of an answer. Here a tensor is pickled as the array of its numbers.
"""

from __future__ import annotations

import io
import pickle
import sys
from typing import Any


def as_bytes(value: Any) -> bytes:
    """A pickle that is equal for equal tensors, of one type and shape; see `copy_from`."""
    stream = io.BytesIO()
    _Pickler(stream).dump(value)
    return stream.getvalue()


def copy_from(data: bytes) -> Any:
    """The value that `as_bytes` was given, in new memory. Only for bytes that were made here."""
    return pickle.loads(data)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """How a tensor is pickled; whatever else there is as ever."""
        # Not imported here: where a tensor is, torch is loaded.
        torch: Any = sys.modules.get("torch")
        if torch is None or type(value) is not torch.Tensor:
            return NotImplemented
        if value.layout is not torch.strided or value.is_meta or value.is_quantized:
            return NotImplemented
        plain = value.detach()
        if value.dtype is torch.bfloat16:  # NumPy has none: as the bytes that they are
            plain = plain.contiguous().view(torch.int16)
        # force: also where it is conjugated or negated only when looked at.
        return _tensor, (plain.numpy(force=True), value.dtype, value.requires_grad)


def _tensor(array: Any, dtype: Any, needs_grad: bool) -> Any:
    torch: Any = sys.modules["torch"]
    return torch.from_numpy(array).view(dtype).requires_grad_(needs_grad)
