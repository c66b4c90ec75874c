"""Tests as instructors write them; each goes one way that an answer may try to turn."""

import ast
import code
import contextlib
import ctypes
import doctest
import inspect
import io
import logging.config
import marshal
import os
import pickle
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
import typing
import unittest
from pathlib import Path
from unittest import mock

import jinja2
import numpy
import pytest
import student
import yaml
from student import *

LARGEST = 1

if hasattr(student, "FIRST"):  # while the test itself is being loaded
    os.remove(student.FIRST)


def test_eval():
    made = eval(repr(student.Point(1, 2)), {"Point": student.Point})
    assert made.x == 1
    assert eval("made.y") == 2


def test_eval_total():
    expected = 3
    assert eval(repr(student.total(1, 2))) == expected


def test_differ():
    assert student.Point(1, 2) != student.Point(1, 2)


def test_unsorted():
    with pytest.raises(Exception):
        sorted([student.Point(1, 2), student.Point(2, 1)])


def test_printed(capsys):
    with student.Timer():
        print("x")
    assert capsys.readouterr().out == "x\n"


def test_exec():
    names = {}
    exec(student.source(), names)
    assert names["total"] == 3


def test_hints():
    assert typing.get_type_hints(student.scale) == {"x": float, "return": float}


def test_loads():
    assert pickle.loads(student.dump({"a": 1})) == {"a": 1}
    copied = pickle.loads(pickle.dumps(student.Point(1, 2)))
    assert copied.y == 2


def test_saved(tmp_path):
    path = tmp_path / "saved.pkl"
    student.save({"a": 1}, path)
    with open(path, "rb") as file:
        assert pickle.load(file) == {"a": 1}


def test_array(tmp_path):
    path = str(tmp_path / "saved.npy")
    student.save_array([1, 2], path)
    assert numpy.load(path, allow_pickle=True).tolist() == [1, 2]


def test_removed():
    path = student.report()
    assert os.path.exists(path)
    os.remove(path)


class TestText(unittest.TestCase):
    def test_text(self):
        folder = tempfile.mkdtemp()
        path = student.write_text(folder)
        with open(path) as file:
            self.assertEqual(file.read(), "done")
        shutil.rmtree(folder)

    def test_sets(self):
        self.assertSetEqual(student.primes(), {2, 3, 5})

    def test_block(self):
        with student.Timer() as timer:
            self.assertEqual(timer.half(4), 2)


def test_any_error():
    refuse = student.refuse
    with pytest.raises(Exception):
        refuse(3)


def test_own_error():
    try:
        student.fail()
        pytest.fail("nothing was raised")
    except student.Refused as error:
        assert error.args == ("no",)


def test_own_error_again():
    try:
        student.fail()
        assert False, "nothing was raised"
    except student.Refused:
        pass


def test_approx():
    assert pytest.approx(3.0) == student.three()


def test_near():
    assert numpy.allclose(student.three(), 3.0)
    numpy.testing.assert_allclose(student.three(), 3.0)


def test_pairs():
    for got, want in zip(map(student.square, [1, 2, 3]), [1, 4, 9]):
        assert got == want


def test_starred():
    assert np.allclose(norm([3.0, 4.0]), 5.0)
    assert math.isclose(area(2.0), 12.566370614359172)


def test_sizes():
    sizes = student.sizes()
    assert isinstance(sizes, dict)
    assert set(sizes.keys()) == {"a", "b"}
    assert sum(sizes.values()) == 7


def test_template():
    assert student.greeting().format(name="Ada") == "Hello   Ada"


def test_reader():
    def read(name):
        with open(name) as file:
            return file.read()

    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "names.txt"), "w") as file:
        file.write("Ada")
    assert student.first(read, folder) == "Ada"
    shutil.rmtree(folder)


def test_made(tmp_path, monkeypatch):
    student.write(str(tmp_path))
    assert [each.name for each in tmp_path.iterdir()] == ["made.py"]
    if "import" in (tmp_path / "made.py").read_text():
        monkeypatch.syspath_prepend(str(tmp_path))
        import made

        assert made.VALUE == 7


def test_generated(tmp_path, monkeypatch):
    text = student.code()
    assert text.endswith("VALUE = 7\n")
    if "import" in text:
        (tmp_path / "generated.py").write_text(text.expandtabs())
        monkeypatch.syspath_prepend(str(tmp_path))
        import generated

        assert generated.VALUE == 7


def test_interpreted():
    given, space = student.snippet(), {}
    if isinstance(given, str):
        code.InteractiveInterpreter(space).runsource(given)
    assert space.get("total", given) == 3


def test_extracted():
    space = {}
    exec(compile(ast.parse(inspect.getsource(student.tripled)), "student.py", "exec"), space)
    assert space["tripled"](2) == 6


def test_documented():
    assert doctest.testmod(student) == (0, 1)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        doctest.run_docstring_examples(student.tripled, {})
    assert out.getvalue() == ""
    own = doctest.DocTestParser().get_doctest(">>> 2 + 2\n4\n", {}, "own", None, 0)
    assert doctest.DocTestRunner().run(own) == (0, 1)


def test_keeps():
    desk = mock.Mock()
    desk.fetch.return_value = 7
    assert student.keep_double(desk) is None
    desk.keep.assert_called_once_with(14)


def test_counts():
    counts = [0, 0, 0]
    counts[student.largest([3.0, 8.0, 5.0])] += 1
    assert counts == [0, 1, 0]


def test_resolved():
    path = Path(student.report()).resolve()
    assert path.exists()
    path.unlink()


def test_joined():
    os.remove("".join(student.letters()))


def test_started(tmp_path):
    text = student.code()
    (tmp_path / "program.py").write_text(text)
    if "open" in text:
        subprocess.Popen([sys.executable, tmp_path / "program.py"]).wait()
        with subprocess.Popen([sys.executable, "-"], stdin=subprocess.PIPE, text=True) as program:
            program.communicate(text)
    assert text == "VALUE = 7\n"


def test_queried():
    base = sqlite3.connect(":memory:")
    for query in student.queries():
        base.execute(query)
    assert base.execute("SELECT x FROM t").fetchall() == [(7,)]


def test_unpacked(tmp_path):
    (tmp_path / "given.tgz").write_bytes(student.packed())
    with tarfile.open(tmp_path / "given.tgz") as file:
        file.extractall(tmp_path)
    assert (tmp_path / "a.txt").read_text() == "done"


def test_configured():
    logging.config.dictConfig(student.logging_of("student"))
    assert student.largest([3.0, 8.0, 5.0]) == LARGEST


def test_settings():
    assert yaml.load(student.settings(), Loader=yaml.Loader) in (None, {"rate": 0.1})
    assert student.largest([3.0, 8.0, 5.0]) == LARGEST


def test_zeros():
    assert bytes(student.many()) == b"\0\0\0"


def test_level():
    assert "KIT_LEVEL" not in os.environ
    os.environ["KIT_LEVEL"], before = "3", random.choice
    random.choice = max
    level = student.level([1, 2])
    del os.environ["KIT_LEVEL"]
    random.choice = before
    assert level == "32"
    assert random.choice("a") == "a"


def test_rendered():
    assert jinja2.Template(student.prompt()).render(x=7).endswith("7")
    assert student.largest([3.0, 8.0, 5.0]) == LARGEST


def test_marshalled():
    exec(marshal.loads(student.compiled()) if student.compiled() else "", {})
    assert student.largest([3.0, 8.0, 5.0]) == LARGEST


def test_library(tmp_path):
    path = student.built(str(tmp_path))
    if path:
        ctypes.CDLL(path)
    assert os.path.exists(tmp_path)


def test_signalled():
    if student.process():
        os.kill(student.process(), signal.SIGCONT)
    assert isinstance(student.process(), int)


def test_threads():
    def ask():
        with contextlib.suppress(Exception):
            student.largest([3.0])

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(0.1)
    assert not thread.is_alive()
    assert student.largest([3.0, 8.0, 5.0]) == LARGEST


def test_source():
    assert student.double(4) == 8
    assert "*" not in inspect.getsource(student.double)
