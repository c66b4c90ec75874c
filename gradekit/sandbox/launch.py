"""Starting workers: forked from a zygote on Linux, spawned elsewhere.

Imports no numpy, so that a zygote can warm up while its parent is still importing.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from gradekit.caches import cache
from gradekit.errors import SandboxError
from gradekit.sandbox.limits import ENDED, Limits
from gradekit.sandbox.packages import parts_of, require
from gradekit.sandbox.process import (
    PACKAGE_ROOT,
    START_SECONDS,
    Forked,
    Process,
    Spawned,
    environment,
)
from gradekit.sandbox.tiers import PROCESS, SEALED, TIERS, best_tier, close_memory
from gradekit.sandbox.warmup import ON_DEMAND

if TYPE_CHECKING:
    from gradekit.sandbox.host import WorkerHandle


class Sandbox:
    """Makes workers for submissions: forked from a zygote on Linux, spawned elsewhere."""

    def __init__(
        self,
        modules: Iterable[str],
        limits: Limits,
        hidden: Iterable[Path] = (),
        isolation: str | None = None,
        *,
        packages: Iterable[str] = (),
        files: Mapping[str, Path] | None = None,
    ) -> None:
        """Start warming up in the background.

        Args:
            modules: What to import ahead, such as numpy and torch.
            hidden: Folders with graders and solutions, kept unreadable.
            isolation: One of `tiers.TIERS`; None for the best that this machine has.
            packages: What else submissions may import, such as pandas; imported ahead.
            files: What is in the folder that they run in, by relative paths.
        Raises:
            SandboxError: a package is not installed.
        """
        self.limits = limits
        self._tier = isolation
        self._modules = list(modules)
        self._packages = tuple(packages)
        # Now, so that a missing package is one clear error, and no failure of each answer.
        require(self._packages)
        self._files = dict(files or {})
        self._hidden = [str(Path(path).resolve()) for path in hidden]
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._wanted: Counter[str] = Counter()  # modules of `ON_DEMAND`: in how many answers
        self._zygote: _Zygote | None = None
        if sys.platform == "linux":
            self._zygote = self._start_zygote()

    @property
    def isolation(self) -> str:
        """The tier that workers are locked down to."""
        if self._tier is None:
            self._tier = self._zygote.tier() if self._zygote is not None else best_tier()
        return self._tier

    def _start_zygote(self) -> _Zygote:
        settings = {
            "tier": self._tier,  # None: it finds out by itself, while we go on
            "modules": self._modules,
            "hidden": self._hidden,
            "limits": msgspec.to_builtins(self.limits),
            **self._own(),
        }
        return _Zygote(json.dumps(settings), self._files)

    def _own(self) -> dict[str, Any]:
        """The part of a worker's settings about packages, and modules among the files."""
        has_figures = "matplotlib" in self._packages
        code = [PurePosixPath(name) for name in self._files if name.endswith(".py")]
        return {
            "packages": self._packages,
            "parts": parts_of(self._packages) if self._packages else [],
            "cache": str(cache("matplotlib")) if has_figures else "",
            "modules_beside": sorted({path.parts[0].removesuffix(".py") for path in code}),
        }

    def note(self, source: str) -> None:
        """Take note of an answer to come: what a second one imports, the zygote imports too.

        A worker could import it itself, but each anew; for a single answer importing it here
        would save nothing.
        """
        if self._zygote is None:
            return
        for name in ON_DEMAND:
            if name in self._modules:
                continue
            # A guess, but a good one: a needless import costs seconds, and changes no verdict.
            root, _, part = name.partition(".")  # a part may stand in another line
            imports = re.search(rf"^[ \t]*(?:from|import) +{root}\b", source, re.MULTILINE)
            if imports and re.search(rf"\b{part}\b", source):
                self._wanted[name] += 1
                if self._wanted[name] == 2:
                    self._zygote.preload(name)

    def worker(self) -> WorkerHandle:
        """A new worker that is locked down and has run nothing yet.

        Raises:
            SandboxError: it could not be made.
        """
        from gradekit.sandbox.host import WorkerHandle

        if self._zygote is not None and not self._zygote.is_alive():
            self._replace_zygote()
        if self._files and self.isolation == SEALED:
            raise SandboxError(
                "answers to this exercise open files, and without Landlock none can be opened: "
                "`kit doctor` says what to do"
            )
        try:
            connection, process = self._connected_process()
        except SandboxError:
            if self._zygote is None:
                raise
            # The zygote was killed from outside, which counts against no submission. Try once more
            # with a new one; if that fails as well, something is wrong with this machine.
            self._replace_zygote()
            connection, process = self._connected_process()
        return WorkerHandle(connection, process, self.limits)

    def _connected_process(self) -> tuple[socket.socket, Process]:
        """A new process, and our end of a connection of its own.

        A new connection for each attempt: a zygote that dies may leave a worker behind, and on a
        shared connection its "ready" would be taken for that of the next worker.
        """
        mine, its = socket.socketpair()
        with its:
            try:
                if self._zygote is not None:
                    return mine, self._zygote.fork(its)
                return mine, Spawned(its, self._spawned_settings(), self._scratch())
            except BaseException:
                mine.close()
                raise

    def _spawned_settings(self) -> dict[str, Any]:
        limits = msgspec.to_builtins(self.limits)
        return {"modules": self._modules, "limits": limits, **self._own()}

    def _scratch(self) -> str | None:
        """The folder that spawned workers run in; None where no files are to lie in it."""
        if self._files and self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="kit-")
            lay(self._files, Path(self._folder.name))
        return self._folder.name if self._folder else None

    def _replace_zygote(self) -> None:
        assert self._zygote is not None
        self._zygote.close()
        self._wanted.clear()  # the new one has imported nothing of it
        self._zygote = self._start_zygote()

    def close(self) -> None:
        """End the zygote and all its workers."""
        if self._zygote is not None:
            self._zygote.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Zygote:
    """The process that forks workers, seen from the trusted side."""

    def __init__(self, settings: str, files: Mapping[str, Path]) -> None:
        # Made here; this process and the zygote both remove it, since either may be killed.
        self._scratch = tempfile.mkdtemp(prefix="kit-")
        lay(files, Path(self._scratch))
        self._control, its = socket.socketpair()
        self._remove_scratch = weakref.finalize(self, _remove, self._scratch)
        # Our folder is on the path only for this import: next to it may lie graders and solutions.
        # While it imports there is no garbage: to look for it takes as long as a sixth of torch.
        code = (
            f"import gc, sys; gc.disable(); sys.path.insert(0, {str(PACKAGE_ROOT)!r}); "
            "from gradekit.sandbox.inside import zygote; del sys.path[0]; zygote.start()"
        )
        # -P: nothing from the current folder; -s: nothing from the user's home.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", code, str(its.fileno()), settings, self._scratch],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd="/",
            pass_fds=[its.fileno()],
            start_new_session=True,  # Ctrl-C does not reach it; it ends with its control socket
        )
        its.close()
        self._tier: str | None = None  # what it is locked down to, once it is warm
        self._broken = False

    def is_alive(self) -> bool:
        return not self._broken and self._process.poll() is None

    def preload(self, name: str) -> None:
        """Have it import one of `ON_DEMAND`; if it is gone, the next fork finds out."""
        with contextlib.suppress(OSError):
            self._control.sendall(b"i" + bytes([ON_DEMAND.index(name)]))

    def fork(self, connection: socket.socket) -> Forked:
        """A new worker at the other end of `connection`."""
        try:
            self.tier()
            socket.send_fds(self._control, [b"f"], [connection.fileno()])
            answer, descriptors, _, _ = socket.recv_fds(self._control, 4, 1)
        except OSError as error:
            raise self._gone(error) from error
        if not descriptors:
            raise self._gone("it closed its end")
        return Forked(self.reap, int.from_bytes(answer, "little"), descriptors[0])

    def tier(self) -> str:
        """The tier that it locks workers down to; waits until it is warm.

        Raises:
            SandboxError: it did not start.
        """
        if self._tier is None:
            try:
                self._control.settimeout(START_SECONDS)
                number = self._control.recv(1)
            except OSError as error:
                raise self._gone(error) from error
            if not number:
                raise SandboxError(f"the sandbox did not start: {self._last_error()}")
            self._tier = TIERS[number[0]]
            if self._tier == PROCESS:  # before the first worker exists, which could open our memory
                close_memory()
        return self._tier

    def _last_error(self) -> list[str]:
        """Why it ended: the last line that it wrote, at the first time of asking."""
        assert self._process.stderr is not None
        if self._process.stderr.closed:
            return []
        return self._process.communicate()[1].decode(errors="replace").strip().splitlines()[-1:]

    def reap(self, pid: int) -> tuple[int, int]:
        """Wait for the end of worker `pid`: its wait status, its peak memory in KiB."""
        try:
            self._control.sendall(b"w" + pid.to_bytes(4, "little"))
            message = self._control.recv(ENDED.size, socket.MSG_WAITALL)
        except OSError as error:
            raise self._gone(error) from error
        if len(message) != ENDED.size:
            raise self._gone("it closed its end")
        status, peak = ENDED.unpack(message)
        return status, peak

    def _gone(self, reason: object) -> SandboxError:
        """Note that this zygote cannot be used any more.

        A late answer of it would be taken for the answer to the next command.
        """
        self._broken = True
        return SandboxError(f"the sandbox's zygote is gone: {reason}")

    def close(self) -> None:
        self._control.close()
        if self._tier is not None and not self._broken:  # it ends its workers and waits for them
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._remove_scratch()


def lay(files: Mapping[str, Path], folder: Path) -> None:
    """Copy files into a folder, read-only.

    Copies, not links: nobody can change a course's own files by way of them.

    Raises:
        SandboxError: one cannot be read, or there is no room.
    """
    for name, source in files.items():
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o444)
        except OSError as error:
            reason = error.strerror or error
            raise SandboxError(f"{source} cannot be laid beside the answers: {reason}") from error


def _remove(folder: str) -> None:
    """Remove the folder, unless the zygote has done it."""
    shutil.rmtree(folder, ignore_errors=True)
