"""What a worker may still do once it is locked down: compute, read Python, and answer.

The kernel enforces it. Landlock decides which files can be opened (Python, its packages,
nothing of ours), a seccomp allowlist which system calls exist at all (no processes, no
sockets, no writing), rlimits how much may be used. This is no defence against bugs in the
kernel itself. What takes time is prepared once, in the zygote; `apply` runs in every
worker after the fork and before the first line of the submission.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from pathlib import Path
from typing import Any

from gradekit.sandbox.landlock import RESTRICT_SELF, ruleset
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.tiers import FULL, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PROCESS

if sys.platform != "win32":
    import fcntl
    import resource

# What a submission may import, and what those packages import in their turn.
PACKAGES = ("numpy", "scipy", "sklearn", "torch")
SUPPORT = (
    "numpy.libs scipy.libs scikit_learn.libs joblib threadpoolctl.py narwhals sympy mpmath "
    "networkx typing_extensions.py filelock fsspec jinja2 markupsafe torchgen functorch nvidia "
    "triton"
).split()
METADATA = ("numpy", "scipy", "scikit_learn", "torch", "joblib", "threadpoolctl", "narwhals")

# The system calls of a process that computes. Everything else answers "not permitted".
ALLOWED_CALLS = """
    brk mmap munmap mremap mprotect madvise msync membarrier
    read readv pread64 preadv write writev lseek close dup dup2 dup3
    stat fstat lstat newfstatat fstat64 statx access faccessat faccessat2
    readlink readlinkat getcwd getdents getdents64 fadvise64
    futex futex_waitv sched_yield sched_getaffinity getcpu rseq
    rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall
    clock_getres nanosleep gettimeofday time times
    poll ppoll select pselect6
    getrandom getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid
    getgroups getpgrp getrlimit getrusage uname sysinfo
    exit exit_group
""".split()

# CLOCK_TAI. Negative numbers are the CPU clocks of other processes; seccomp compares without a
# sign, so they count as larger.
LAST_CLOCK = 11

_PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_SET_SECCOMP = 1, 3, 22
_SECCOMP_MODE_FILTER = 2
INSTRUCTION_BYTES = 8
_CAPABILITY_VERSION_3 = 0x20080522


class AllowedPackages:
    """An import finder that treats packages which a submission may not read as not installed.

    Libraries try optional imports and expect ImportError; the kernel would answer
    PermissionError.
    """

    names = {*sys.stdlib_module_names, *PACKAGES, *(name.split(".")[0] for name in SUPPORT)}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find a module as Python would, if its top-level package is allowed."""
        top = name.partition(".")[0]
        # How Python was built: sklearn imports it, and its name ends in that of the platform.
        allowed = top in self.names or top.startswith("_sysconfigdata")
        return PathFinder.find_spec(name, path, target) if allowed else None

    @classmethod
    def allow(cls, parts: Iterable[str]) -> None:
        """Allow what lies at these paths among the packages, too."""
        cls.names = {*cls.names, *(Path(part).name.partition(".")[0] for part in parts)}

    @classmethod
    def install(cls) -> None:
        """Use it in place of all finders of files."""
        sys.meta_path[:] = [BuiltinImporter, FrozenImporter, cls()]


class Lockdown:
    """The prepared restrictions of one zygote's workers.

    Every page of memory that a worker is the first to write to costs it five microseconds, and
    Python writes wherever it looks. So what can be made in the zygote is made there, and
    what is left for `apply` are system calls.
    """

    def __init__(
        self, tier: str, limits: Limits, hidden: Iterable[Path], own: Iterable[Path]
    ) -> None:
        """`hidden` names folders that stay unreadable even where they lie among packages; `own`
        what this exercise's answers may read besides, with the folder that workers start in.
        """
        self.tier = tier
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._nothing = os.open(os.devnull, os.O_RDWR)
        self._parent = os.getpid()
        self._limits = limits
        self._ruleset: int | None = None
        if tier == FULL:
            secret = {path.resolve() for path in hidden}
            more = [part for path in own for part in _cover(path.resolve(), secret)]
            self._ruleset = ruleset([*readable_paths(hidden), *more])
        self._program = None if tier == PROCESS else _seccomp_program(may_open=tier == FULL)
        # ctypes looks a function up at its first use, and prepares for calls at the first call.
        _ = self._libc.capset, self._libc.syscall
        self._libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0)
        self._no_capabilities = (
            (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3),
            (ctypes.c_uint32 * 6)(),
        )

    def apply(self, connection: int) -> None:
        """Lock this process down for good, keeping only descriptor `connection` and 0 to 2.

        Raises:
            OSError: the kernel refused a part; the process must end without running anything.
        """
        os.setsid()  # no signal from the terminal reaches it
        for standard in range(3):
            os.dup2(self._nothing, standard)
        self._close_others(connection)
        if sys.platform == "linux":
            # Before the memory is closed (DUMPABLE), after which these files belong to root.
            offer_to_the_kernel()
            self._do("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            self._do("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
            # A parent that is not there any more ended too early to take us along.
            if self._parent not in (os.getpid(), os.getppid()):
                os._exit(1)
        set_rlimits(self._limits)
        if sys.platform == "linux":
            # Without this, root lifts its own limits.
            self._do("capset", *self._no_capabilities)
            # The kernel asks for it before Landlock and seccomp where CAP_SYS_ADMIN is gone.
            self._do("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if self._ruleset is not None:
            self._do("syscall", RESTRICT_SELF, self._ruleset, 0)
            os.close(self._ruleset)
        # Last, since the filter refuses the calls that all steps before it are made of.
        if self._program is not None:
            self._do(
                "prctl", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(self._program), 0, 0
            )

    def _close_others(self, connection: int) -> None:
        """Close whatever else the fork inherited, above all the zygote's control socket."""
        keep = sorted({connection, self._ruleset if self._ruleset is not None else connection})
        start = 3
        for descriptor in keep:
            os.closerange(start, descriptor)
            start = descriptor + 1
        os.closerange(start, 4096)

    def _do(self, name: str, *arguments: Any) -> None:
        """Call a function of the C library that returns 0 where all went well."""
        if getattr(self._libc, name)(*arguments) != 0:
            raise OSError(ctypes.get_errno(), f"{name} failed")


def readable_paths(hidden: Iterable[Path]) -> list[Path]:
    """The files and folders that a worker may read: Python, its packages, their libraries."""
    paths = sysconfig.get_paths()
    sites = {Path(paths["purelib"]), Path(paths["platlib"])}
    sites |= {Path(entry) for entry in sys.path if entry.endswith("-packages")}
    secret = {path.resolve() for path in hidden}
    standard = {Path(paths["stdlib"]), Path(paths["platstdlib"]), Path(os.__file__).parent}
    # Not every folder of packages is on our path: a venv leaves out the one of its Python.
    others = {folder / name for folder in standard for name in ("site-packages", "dist-packages")}
    unasked = secret | {folder.resolve() for folder in sites | others}
    readable = [part for folder in standard for part in _cover(folder.resolve(), unasked)]
    for site in sites:
        names = [*PACKAGES, *SUPPORT]
        metadata = [f"{name}-*.dist-info" for name in METADATA]
        found = [site / name for name in names]
        found += [path for pattern in metadata for path in site.glob(pattern)]
        readable += [part for path in found for part in _cover(path.resolve(), secret)]
    multiarch = sysconfig.get_config_var("MULTIARCH") or "lib64"
    system = ("/lib", "/usr/lib")
    libraries = [Path(root, multiarch) for root in system] + [Path("/lib64"), Path("/usr/lib64")]
    libraries += Path(sys.base_prefix, "lib").glob("lib*.so*")  # where conda keeps them
    devices = [Path("/etc/ld.so.cache"), Path("/dev/null"), Path("/dev/urandom")]
    for path in (*libraries, *devices):
        readable += _cover(path.resolve(), unasked)
    return sorted({path for path in readable if path.exists()})


def _cover(path: Path, hidden: set[Path]) -> list[Path]:
    """The fewest paths that hold all of `path` and nothing of `hidden`.

    Landlock rules add up and none takes away, so a folder with something hidden in it has
    to be named child by child.
    """
    if path in hidden:
        return []
    if not any(secret.is_relative_to(path) for secret in hidden):
        return [path]
    return [part for child in path.iterdir() for part in _cover(child, hidden)]


class _Program(ctypes.Structure):
    """A seccomp filter as the kernel takes it (struct sock_fprog)."""

    _fields_ = (("instructions", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _seccomp_program(*, may_open: bool) -> _Program:
    """The filter of `_rules`, as the kernel takes it."""
    # libseccomp writes to a descriptor only; a file in memory needs no folder to write in.
    with os.fdopen(os.memfd_create("filter"), "w+b") as file:
        _rules(may_open=may_open).export_bpf(file)
        file.seek(0)
        code = file.read()
    return _Program(len(code) // INSTRUCTION_BYTES, code)


def _rules(*, may_open: bool) -> Any:
    """`ALLOWED_CALLS`, opening files for reading if `may_open`, and no more."""
    import pyseccomp as seccomp

    # Refuse, not kill: libraries try calls that they can do without, and an answer that is
    # refused can be told what it tried.
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    # As a tree, not a list (libseccomp 2.5): the kernel tries each system call once when it takes a
    # filter over, which is 0.08 ms a worker instead of 0.13.
    with contextlib.suppress(OSError, ValueError):
        rules.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)
    for name in ALLOWED_CALLS:
        _add_rule(rules, seccomp.ALLOW, name)
    # glibc falls back to clone(), which is refused, only if clone3() seems not to exist.
    _add_rule(rules, seccomp.ERRNO(errno.ENOSYS), "clone3")
    # Asking for one's own limit is harmless; setting one (third argument) is not.
    own, ask = seccomp.Arg(0, seccomp.EQ, 0), seccomp.Arg(2, seccomp.EQ, 0)
    _add_rule(rules, seccomp.ALLOW, "prlimit64", own, ask)
    # Copies and flags of descriptors only. Other commands send any signal to any process
    # (F_SETOWN with F_SETSIG, F_NOTIFY) or keep others from a file (F_SETLK, F_SETLEASE).
    for command in (fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD,
                    fcntl.F_GETFL):  # fmt: skip
        _add_rule(rules, seccomp.ALLOW, "fcntl", seccomp.Arg(1, seccomp.EQ, command))
    for name in ("clock_gettime", "clock_nanosleep"):
        _add_rule(rules, seccomp.ALLOW, name, seccomp.Arg(0, seccomp.LE, LAST_CLOCK))
    if may_open:
        # openat2 stays refused: its flags are in memory, where a filter cannot look.
        changing = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        for name, flags in (("open", 1), ("openat", 2)):
            read_only = seccomp.Arg(flags, seccomp.MASKED_EQ, changing, os.O_RDONLY)
            _add_rule(rules, seccomp.ALLOW, name, read_only)
    return rules


def _add_rule(rules: Any, action: int, name: str, *arguments: object) -> None:
    """Add a rule unless this architecture has no such system call."""
    import pyseccomp as seccomp

    try:
        number = seccomp.resolve_syscall(seccomp.system_arch(), name)
    except (OSError, ValueError):
        return
    if number >= 0:
        rules.add_rule(action, number, *arguments)


def offer_to_the_kernel() -> None:
    """Have the kernel end this process first, not the grader, when memory runs out."""
    with contextlib.suppress(OSError):
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        try:
            os.write(score, b"1000")
        finally:
            os.close(score)


def set_rlimits(limits: Limits) -> None:
    """Bound memory, CPU time, files and core dumps; soft = hard, so nothing is raised again."""
    cpu_seconds = int(limits.submission_seconds + limits.import_seconds) + 1
    bounds = {
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    if sys.platform == "linux":
        statm = os.open("/proc/self/statm", os.O_RDONLY)
        # RLIMIT_AS counts addresses, of which numpy and torch have mapped gigabytes already: the
        # submission's own memory comes on top.
        pages = int(os.read(statm, 100).split()[0])
        os.close(statm)
        mapped = pages * resource.getpagesize()
        bounds[resource.RLIMIT_AS] = mapped + limits.memory_mib * 2**20
        bounds[resource.RLIMIT_NPROC] = 0  # does not bind a root that kept its capabilities
        bounds[resource.RLIMIT_MEMLOCK] = 0
        bounds[resource.RLIMIT_MSGQUEUE] = 0
    for kind, bound in bounds.items():
        hard = resource.getrlimit(kind)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(kind, (bound, bound))
    # A second between SIGXCPU, which tells us why it ended, and SIGKILL.
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard == resource.RLIM_INFINITY or hard > cpu_seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
