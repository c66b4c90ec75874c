"""The zygote's memory in huge pages, so that workers cost less.

Of data, a fork copies one entry for a huge page instead of 512. Of code it copies none, so each
worker would meet its code by page faults, some 400 of them with torch; code in huge pages that
belong to the process is there from the start, and found in fewer steps. Where a kernel has no huge
pages, or refuses any of this, all stays as it was.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

HUGE = 2**21  # bytes of a huge page, on x86 and on ARM with pages of 4 KiB
PAGES = HUGE // 2**12
# Pages in use, of those 512, from which on it is worth the copy: page faults bring in 16 at a time.
# With torch, 73 of its 163 huge pages are; of the faults that could be saved, 17 in 400 are left.
LEAST = 64
SETTINGS = Path("/sys/kernel/mm/transparent_hugepage")
MADV_COLLAPSE = 25  # of madvise(2), from Linux 6.1 on
MADV_HUGEPAGE = 14
MREMAP_MAYMOVE, MREMAP_FIXED = 1, 2
DATA, CODE = "rw-p", "r-xp"


def use_huge_pages() -> None:
    """Move this process's data and code into huge pages. No other thread may run meanwhile."""
    with contextlib.suppress(OSError):
        if int((SETTINGS / "hpage_pmd_size").read_text()) != HUGE:
            return
        libc = _libc()
        for page in _huge_ranges(DATA, of_files=False):
            libc.madvise(page, HUGE, MADV_COLLAPSE)
        if "[never]" in (SETTINGS / "enabled").read_text():
            return
        for page in _huge_ranges(CODE, of_files=True):
            if _pages_in_use(page) >= LEAST:
                _copy_code(libc, page)


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None)
    address, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    libc.mmap.restype = address
    libc.mmap.argtypes = [address, size, number, number, number, ctypes.c_long]
    libc.mremap.argtypes = [address, size, size, number, address]
    libc.mprotect.argtypes = libc.madvise.argtypes = [address, size, number]
    libc.munmap.argtypes = [address, size]
    return libc


def _huge_ranges(access: str, *, of_files: bool) -> Iterator[int]:
    """Where huge pages could begin in this process's memory of a kind."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, allowed, _, _, inode, *_ = line.split()
        if allowed == access and (inode != "0") == of_files:
            start, end = (int(address, 16) for address in span.split("-"))
            yield from range(-(-start // HUGE) * HUGE, end - HUGE + 1, HUGE)


def _pages_in_use(start: int) -> int:
    """How many pages of a huge page's range this process has used."""
    with open("/proc/self/pagemap", "rb") as pagemap:
        pagemap.seek(start // 2**12 * 8)
        entries = struct.unpack(f"{PAGES}Q", pagemap.read(PAGES * 8))
    return sum(entry >> 63 for entry in entries)


def _copy_code(libc: ctypes.CDLL, start: int) -> None:
    """Put a copy of some code, in a huge page of our own, in its place.

    The kernel exchanges them in one step; that it may be code which runs just now does not matter,
    since it is the same afterwards.
    """
    writable, executable = mmap.PROT_READ | mmap.PROT_WRITE, mmap.PROT_READ | mmap.PROT_EXEC
    # Twice as much as needed: somewhere in it a huge page can begin.
    room = libc.mmap(None, 2 * HUGE, writable, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    if room == ctypes.c_void_p(-1).value:
        return
    copy = -(-room // HUGE) * HUGE
    libc.madvise(copy, HUGE, MADV_HUGEPAGE)
    ctypes.memmove(copy, start, HUGE)
    if libc.mprotect(copy, HUGE, executable) == 0:  # a hardened kernel may refuse it
        libc.mremap(copy, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, start)
    libc.munmap(room, 2 * HUGE)
