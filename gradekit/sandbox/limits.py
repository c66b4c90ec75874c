"""What a submission may use. The numbers are per exercise, in exercises.toml."""

from __future__ import annotations

import struct

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time is CPU time, so that a busy machine fails nobody; sleeping counts as well.

    A process that wants the CPU and does not get it is given `patience` times as long.
    """

    import_seconds: float = 10.0
    check_seconds: float = 10.0
    submission_seconds: float = 60.0
    memory_mib: int = 2048  # on top of what Python, numpy and torch take
    patience: float = 3.0


# What one answer may weigh on the wire, whatever the exercise.
STRUCTURE_BYTES = 2**18  # everything but array contents; bounds the number of objects
BUFFER_BYTES = 16 * 2**20  # array contents
SOURCE_BYTES = 2**20  # a .py file, or the code of a notebook
NOTEBOOK_BYTES = 20 * 2**20  # with its pictures
UNUSUAL_BYTES = 2 * 2**20  # where only nbformat can read it, which takes seconds a megabyte

# How a worker is used. Plain: functions are called, and give data. Live: what is no data stays in
# the worker, and the checks hold handles on it. Imported: more, for tests of other systems.
PLAIN, LIVE, IMPORTED = "plain", "live", "imported"
LIVE_OBJECTS = 10_000  # that a worker holds for one check
LASTING_OBJECTS = 1_000  # that both sides hold for one check, and compare at each request

# How a zygote tells of the end of a worker: its wait status, and its peak memory in KiB.
ENDED = struct.Struct("<iq")
