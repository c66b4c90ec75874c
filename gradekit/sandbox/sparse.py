"""SciPy's sparse matrices as what they hold: a test computes with real ones on its side."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from gradekit.sandbox.nodes import Malformed, NotData

ATOM = "sparse"
FORMATS = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
KINDS = tuple(f"{form}_{kind}" for form in FORMATS for kind in ("array", "matrix"))
ENTRIES = 10**7  # of one as a dense array, which a test may make of it


def is_sparse(value: Any) -> bool:
    """Whether a value is of one of SciPy's classes exactly."""
    scipy = sys.modules.get("scipy.sparse")
    name = type(value).__name__
    return scipy is not None and name in KINDS and type(value) is getattr(scipy, name, None)


def parts_of(value: Any) -> list[Any]:
    """The name of its class, its shape, and its entries with their places.

    Raises:
        NotData: it is too large.
    """
    if value.ndim != 2 or math.prod(value.shape) > ENTRIES:
        raise NotData(f"a sparse matrix of shape {value.shape}")
    plain = value.tocoo()
    places = [np.asarray(each, dtype=np.int64) for each in (plain.row, plain.col)]
    return [type(value).__name__, [*map(int, value.shape)], plain.data, *places]


def made_of(parts: list[Any]) -> Any:
    """The matrix that such parts stand for.

    Raises:
        Malformed: they stand for none.
    """
    scipy = sys.modules.get("scipy.sparse")
    try:
        name, shape, data, rows, columns = parts
        sizes = [size for size in shape if type(size) is int and 0 <= size <= ENTRIES]
        is_one = name in KINDS and len(sizes) == len(shape) == 2 and math.prod(sizes) <= ENTRIES
        arrays = all(type(each) is np.ndarray and each.ndim == 1 for each in parts[2:])
        if scipy is None or not is_one or not arrays:
            raise Malformed("no proper sparse matrix")
        # Checks that the places lie within the shape.
        plain = scipy.coo_matrix((data, (rows, columns)), shape=tuple(shape))
        return getattr(scipy, name)(plain)
    except Malformed:
        raise
    except Exception as error:  # SciPy raises several kinds of error for parts that do not fit
        raise Malformed(f"no proper sparse matrix: {type(error).__name__}") from None
