"""pytest's built-in fixtures, as far as tests of answers use them."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import pytest


class Setting(Protocol):
    """What one test runs in."""

    def value(self, name: str) -> Any:
        """The value of a parameter or a fixture."""

    def request(self, name: str) -> Any:
        """What a fixture gets as `request`."""

    def undo(self, function: Callable[[], object]) -> None:
        """Have something called at the end."""

    def enter(self, manager: contextlib.AbstractContextManager[Any]) -> Any:
        """Enter something until the end."""


class Captured(NamedTuple):
    """What was printed since the last `readouterr`."""

    out: str
    err: str


class Capture:
    """pytest's `capsys`: what the test and the answer print."""

    def __init__(self) -> None:
        self._streams = io.StringIO(), io.StringIO()

    @contextlib.contextmanager
    def installed(self) -> Iterator[Capture]:
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._streams
        try:
            yield self
        finally:
            sys.stdout, sys.stderr = before

    def readouterr(self) -> Captured:
        texts = [stream.getvalue() for stream in self._streams]
        for stream in self._streams:
            stream.seek(0)
            stream.truncate()
        return Captured(*texts)

    @contextlib.contextmanager
    def disabled(self) -> Iterator[None]:
        yield


class Logged:
    """pytest's `caplog`: the records that were logged."""

    def __init__(self, setting: Setting) -> None:
        self.records: list[logging.LogRecord] = []
        self.handler = logging.Handler()
        vars(self.handler)["emit"] = self.records.append
        self._setting = setting
        root = logging.getLogger()
        root.addHandler(self.handler)
        setting.undo(lambda: root.removeHandler(self.handler))

    @property
    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    @property
    def record_tuples(self) -> list[tuple[str, int, str]]:
        return [(record.name, record.levelno, record.getMessage()) for record in self.records]

    @property
    def text(self) -> str:
        form = logging.Formatter("%(levelname)-8s %(name)s:%(filename)s:%(lineno)d %(message)s")
        return "".join(f"{form.format(record)}\n" for record in self.records)

    def clear(self) -> None:
        self.records.clear()

    def set_level(self, level: int | str, logger: str | None = None) -> None:
        """Log from this level on, until the test is over."""
        self._setting.enter(self.at_level(level, logger))

    @contextlib.contextmanager
    def at_level(self, level: int | str, logger: str | None = None) -> Iterator[None]:
        changed = logging.getLogger(logger)
        before = changed.level
        changed.setLevel(level)
        try:
            yield
        finally:
            changed.setLevel(before)


def _monkeypatch(setting: Setting) -> pytest.MonkeyPatch:
    patch = pytest.MonkeyPatch()
    setting.undo(patch.undo)
    return patch


def _tmp_path(setting: Setting) -> Path:
    return Path(setting.enter(tempfile.TemporaryDirectory()))


def _tmpdir(setting: Setting) -> Any:
    """As `py.path.local`, which pytest brings along for old tests."""
    import py  # type: ignore[import-untyped]

    return py.path.local(setting.value("tmp_path"))  # noqa: PTH124  # what `tmpdir` is


def _factory(setting: Setting) -> SimpleNamespace:
    root = setting.value("tmp_path")

    def mktemp(name: str, numbered: bool = True) -> Path:
        number = sum(1 for each in root.iterdir() if each.name.startswith(name))
        path: Path = root / (f"{name}{number}" if numbered else name)
        path.mkdir()
        return path

    return SimpleNamespace(mktemp=mktemp, getbasetemp=lambda: root)


def _recorder(setting: Setting) -> pytest.WarningsRecorder:
    recorder: pytest.WarningsRecorder = setting.enter(pytest.WarningsRecorder(_ispytest=True))
    warnings.simplefilter("default")
    return recorder


def _capture(setting: Setting) -> Capture:
    return setting.enter(Capture().installed())  # type: ignore[no-any-return]


BUILT_IN: dict[str, Callable[[Setting], Any]] = {
    "capsys": _capture,
    "capfd": _capture,
    "caplog": Logged,
    "monkeypatch": _monkeypatch,
    "recwarn": _recorder,
    "request": lambda setting: setting.request(""),
    "tmp_path": _tmp_path,
    "tmp_path_factory": _factory,
    "tmpdir": _tmpdir,
}
