"""Data beside an answer, packages that it may import, and modules beside a grader."""

from __future__ import annotations

import datetime
import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from gradekit.authoring import new
from gradekit.authoring.pack import pack
from gradekit.batch.grader import Sessions
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.engine import open_session, sandbox_of
from gradekit.errors import KitError, SandboxError
from gradekit.export.gradescope import autograder
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.run import Run
from gradekit.nbgrader.course import write as write_nbgrader
from gradekit.practice import folders
from gradekit.sandbox import frames, packages, sparse, wire
from gradekit.sandbox.launch import Sandbox
from gradekit.submission import parse, read

CSV = "city,degrees\nOslo,5\nLima,19\nOslo,7\n"
BINARY = bytes(range(256))


def small(root: Path, entry: str, slug: str = "toy") -> Course:
    """A course of a toy with these lines in its entry, and two data files."""
    exercise, files = new.begin(root, slug, "numpy", None)
    (root / "exercises/data.csv").write_text(CSV)
    (root / "exercises/more").mkdir(exist_ok=True)
    (root / "exercises/more/raw.bin").write_bytes(BINARY)
    (root / "exercises/given.py").write_text("def half(x):\n    return x / 2\n")
    files[-1].write_text(files[-1].read_text() + entry + "\n")
    return Course(root)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """With matplotlib, with pandas where it is installed, and with data."""
    names = ["matplotlib", *(["pandas"] if not packages.missing(["pandas"]) else [])]
    files = ["data.csv", "more/raw.bin", "given.py"]
    entry = f"packages = {names}\nfiles = {files}".replace("'", '"')
    return small(tmp_path_factory.mktemp("rich"), entry)


@pytest.fixture(scope="module")
def sandbox(rich: Course) -> Iterator[Sandbox]:
    with sandbox_of(rich, rich.exercises[0]) as made:
        yield made


def asked(sandbox: Sandbox, source: str, *arguments: Any) -> Any:
    """What `answer` of this source returns."""
    run = Run(sandbox, "toy", parse(Path("toy.py"), source.encode()))
    try:
        run.begin_check()
        return run.request("call", ("answer", arguments, {}, False), "it")
    finally:
        run.close()


def test_data_lie_in_the_current_folder(sandbox: Sandbox) -> None:
    """Text and bytes, also in a folder, and nothing beside them."""
    source = """
import os
def answer():
    with open("more/raw.bin", "rb") as file:
        return open("data.csv").read(), file.read(), sorted(os.listdir("."))
"""
    assert asked(sandbox, source) == (CSV, BINARY, ["data.csv", "given.py", "more"])


def test_modules_among_the_data_are_imported(sandbox: Sandbox) -> None:
    """A course may hand out code that answers build on."""
    assert asked(sandbox, "import given\ndef answer():\n    return given.half(3)\n") == 1.5


@pytest.mark.parametrize(
    "line",
    [
        'open("data.csv", "a")',
        'open("new.csv", "w")',
        'os.remove("data.csv")',
        'os.chmod("data.csv", 0o777)',
        'os.rename("data.csv", "other.csv")',
        'open("/etc/passwd")',
        f"open({str(Path(__file__).resolve())!r})",
    ],
)
def test_nothing_else_can_be_done_with_files(sandbox: Sandbox, line: str) -> None:
    """They stay as they are, and packages open no other door."""
    source = f"""
import os
def answer():
    try:
        {line}
    except PermissionError:
        return "refused"
    return "done"
"""
    assert asked(sandbox, source) == "refused"


def test_graders_stay_hidden_beside_packages(sandbox: Sandbox, rich: Course) -> None:
    """Nor can what is installed beside the packages be imported."""
    source = """
def answer(path):
    try:
        import nbformat
        return "imported"
    except ImportError:
        return open(path).read()
"""
    with pytest.raises(Exception, match="tried to open"):
        asked(sandbox, source, str(rich.grader(rich.exercises[0])))


def test_figures_are_drawn_and_can_be_looked_into(sandbox: Sandbox) -> None:
    """Without a screen; text that needs another font is no failure; a probe reads the artists."""
    source = """
import datetime
import io
import matplotlib.pyplot as plt

def answer(xs):
    figure, (left, right) = plt.subplots(1, 2)
    left.plot(xs, [x**2 for x in xs], label="$x^{2}_{1}$")
    left.set_title("Größe", fontname="Arial")
    left.legend()
    right.hist(xs)
    plt.show()
    for kind in ("png", "pdf", "svg"):
        figure.savefig(io.BytesIO(), format=kind)
    return figure
"""

    def artists(answer, xs):
        left = answer.answer(xs).axes[0]
        return left.get_title(), left.lines[0].get_ydata().tolist()

    run = Run(sandbox, "toy", parse(Path("toy.py"), source.encode()))
    run.begin_check()
    found = SubmissionProxy(Current(run)).probe(artists, [1.0, 2.0, 3.0])
    run.close()
    assert found == ("Größe", [1.0, 4.0, 9.0])


def test_tables_are_read(sandbox: Sandbox) -> None:
    """pandas, with what it requires, reads the file beside the answer."""
    pytest.importorskip("pandas", reason="pandas is not installed")
    source = """
import pandas as pd

def answer():
    table = pd.read_csv("data.csv")
    means = table.groupby("city").degrees.mean()
    table.to_csv(), table.describe(), table.to_string(), pd.to_datetime(["2026-01-02"])
    return means.to_dict()
"""
    assert asked(sandbox, source) == {"Lima": 19.0, "Oslo": 6.0}


def test_packages_are_those_that_are_named(session_of: Any) -> None:
    """An exercise that names none has none: the usual stand-in draws nothing."""
    report = session_of("softmax").grade(
        parse(Path("a.py"), b"import matplotlib.pyplot as plt\nimport pandas\n")
    )
    assert any("pandas" in note for note in report.passed_over)
    assert not any("matplotlib" in note for note in report.passed_over)


def test_what_belongs_to_a_package() -> None:
    """Its folders and those of what it requires, and nothing of what it only may use."""
    names = {Path(part).name for part in packages.parts_of(("matplotlib",))}
    assert {"matplotlib", "mpl_toolkits", "PIL", "dateutil"} <= names
    assert not {"pytest", "torch", "gradekit"} & names
    assert packages.distribution_of("PIL") == "pillow"


def test_package_that_is_missing(tmp_path: Path) -> None:
    """One sentence: exit code 2 for authors, 3 for whoever grades, and no learner's failure."""
    course = small(tmp_path, 'packages = ["not_there"]')
    answer = str(course.solution(course.exercises[0]))
    with pytest.raises(SandboxError, match="`not_there`, which the course lets answers import"):
        open_session(course, course.exercises[0])

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(kit, ["--course", str(course.root), *arguments])

    (tmp_path / "handed/ada").mkdir(parents=True)
    shutil.copy(answer, tmp_path / "handed/ada")
    graded = run("grade", str(tmp_path / "handed"), "--out", str(tmp_path / "out"), "--jobs", "1")
    for result, code in (
        (run("check", "toy", answer), 3),
        (run("verify"), 2),
        (run("doctor"), 2),
        (graded, 3),
    ):
        assert result.exit_code == code, result.output
        assert "pip install not_there" in result.output and "Traceback" not in result.output


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "a\\\\b.csv", ""])
def test_data_that_would_lie_elsewhere(tmp_path: Path, path: str) -> None:
    """A course cannot lay a file outside of the folder."""
    with pytest.raises(KitError, match="no path in exercises/"):
        small(tmp_path, f'files = ["{path}"]')


def test_data_that_are_missing(tmp_path: Path) -> None:
    """Are our failure, and found by `kit verify`."""
    course = small(tmp_path, 'files = ["gone.csv"]')
    with pytest.raises(SandboxError, match=r"gone\.csv cannot be laid"):
        open_session(course, course.exercises[0])
    proved = CliRunner().invoke(kit, ["--course", str(tmp_path), "verify", "--no-mutants"])
    assert proved.exit_code == 1 and "gone.csv" in proved.output


def test_two_exercises_with_files_of_one_name(tmp_path: Path) -> None:
    """Each has its own, also in a grader of a class, where exercises share what is warm."""
    for slug in ("first", "second"):
        course = small(tmp_path, 'files = ["data.csv"]', slug)
        own = tmp_path / "exercises" / course.exercises[-1].name
        own.mkdir()
        (own / "data.csv").write_text(slug)
    sessions = Sessions(course, None)
    for exercise in course.exercises:
        path = tmp_path / "answer.py"
        path.write_text(f"def {exercise.slug}(x):\n    raise ValueError(open('data.csv').read())\n")
        report = sessions.of(exercise).grade(read(path))
        assert f"ValueError: {exercise.slug} (line 2" in report.checks[-1].message


def test_data_travel_with_the_exercise(rich: Course, tmp_path: Path) -> None:
    """Into practice folders, Gradescope's zip, nbgrader's source and the learners' edition."""
    exercise = rich.exercises[0]
    practice, _ = folders.create(tmp_path / "practice", rich)
    pack(rich, "learner", tmp_path / "handout")
    write_nbgrader(tmp_path / "nb", "ps1", [], rich, "hints", force=False)
    for folder in (practice.folder, tmp_path / "handout/exercises"):
        assert (folder / "data.csv").read_text() == CSV
        assert (folder / "more/raw.bin").read_bytes() == BINARY
    with zipfile.ZipFile(io.BytesIO(autograder(rich, [exercise], "full", None, ["x"]))) as archive:
        assert archive.read("course/exercises/more/raw.bin") == BINARY
        assert "x" in archive.read("requirements.txt").decode().split()


HELPERS = '''"""What the graders share."""

from pathlib import Path

FACTOR = float(Path(__file__).with_name("factor.txt").read_text())


def by_definition(x):
    return FACTOR * x


def asked_once(answer, x):
    return answer.toy([by_definition(x)]).tolist()
'''
GRADER = '''"""A grader that imports a module beside it."""

from helpers import asked_once, by_definition

from gradekit.grading import assert_equal, check


@check("toy", points=10, hint="Twice?")
def test_departs(submission):
    """It is doubled."""
    assert_equal(submission.probe(asked_once, 3.0), [by_definition(by_definition(3.0))])
'''


def test_graders_share_modules(tmp_path: Path) -> None:
    """Each course its own of one name; what a probe needs of them travels with it."""
    for name, score in (("one", 10), ("two", 0)):
        course = small(tmp_path / name, "")
        exercise = course.exercises[0]
        (course.root / "graders/helpers.py").write_text(HELPERS)
        (course.root / "graders/factor.txt").write_text("2" if score else "3")
        course.grader(exercise).write_text(GRADER)
        with open_session(course, exercise) as session:
            report = session.grade(read(course.solution(exercise)))
            assert report.score == score, report.checks[-1].message
        with zipfile.ZipFile(io.BytesIO(autograder(course, [exercise], "full", None))) as archive:
            assert {"course/graders/helpers.py", "course/graders/factor.txt"} <= {
                *archive.namelist()
            }


CELLS = {
    "": "import pandas as pd",
    "coldest": """def coldest(path):
    ### BEGIN SOLUTION
    return pd.read_csv(path).sort_values("degrees").head(1)
    ### END SOLUTION""",
    "test_coldest": "table = coldest('data.csv')\nassert list(table.city) == ['Oslo']",
}


def test_imported_notebook_gets_its_data_and_packages(tmp_path: Path) -> None:
    """What its solution imports and opens; the table that it returns is one for the test too."""
    pytest.importorskip("pandas", reason="pandas is not installed")
    made = nbformat.v4.new_notebook()
    for name, source in CELLS.items():
        mark = {"grade_id": name, "solution": name == "coldest", "grade": name[:4] == "test"}
        mark |= {"points": 2} if mark["grade"] else {}
        metadata = {"nbgrader": mark} if name else {}
        made.cells.append(nbformat.v4.new_code_cell(source, metadata=metadata))
    folder = tmp_path / "nb/source/ps1"
    folder.mkdir(parents=True)
    nbformat.write(made, folder / "towns.ipynb")
    (folder / "data.csv").write_text(CSV)
    words = ["import", "nbgrader", str(tmp_path / "nb"), "--into", str(tmp_path / "mine")]
    done = CliRunner().invoke(kit, [*words, "--jobs", "1", "--no-mutants"])
    assert done.exit_code == 0, done.output
    course = Course(tmp_path / "mine")
    (exercise,) = course.exercises
    assert (exercise.packages, exercise.files) == (["pandas"], ["data.csv"])
    assert "by data" in (course.root / "IMPORT.md").read_text().splitlines()[-1]
    pack(course, "instructor", tmp_path / "packed")
    assert (tmp_path / "packed/cases/exercise_01_towns/towns.ipynb").is_file()
    with zipfile.ZipFile(io.BytesIO(autograder(course, [exercise], "full", None))) as archive:
        assert archive.read("course/exercises/exercise_01_towns/data.csv").decode() == CSV
        assert "course/cases/exercise_01_towns/towns.ipynb" in archive.namelist()


def sent(value: Any) -> Any:
    """What arrives of a value that a worker sends to an imported check."""
    pieces = wire.encode("value", 1, value, None, lambda *_: None)
    stream = io.BytesIO(b"".join(pieces))
    frame = wire.receive(wire.Ahead(stream.readinto), bounded=True)
    return wire.decode(*frame, live=lambda node: node)[2]


def test_tables_travel() -> None:
    """As they are, with their indexes, kinds of entries and names; others are refused."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    days = pandas.date_range("2024-02-28", periods=2, freq="D", name="day")
    tables = [
        pandas.DataFrame({"a": [1, 2], "b": ["x", None], "when": days}, index=["p", "q"]),
        pandas.DataFrame([[1, 2.5]], columns=["x", "x"]),
        pandas.DataFrame({"k": list("aab"), "v": [1, 2, 3]}).groupby("k").agg({"v": ["sum"]}),
    ]
    for table in tables:
        pandas.testing.assert_frame_equal(sent(table), table)
    columns = [
        pandas.Series([True, None], dtype="boolean", index=days),
        pandas.cut(pandas.Series([1, 9], name="n"), [0, 5, 10], labels=["low", "high"]),
        pandas.Series([datetime.date(2024, 1, 1), [1]]),
    ]
    for column in columns:
        pandas.testing.assert_series_equal(sent(column), column)
    assert sent(days).freq == days.freq
    refused = [pandas.Series([object()]), pandas.Series(days.tz_localize("UTC"))]
    refused += [type("Own", (pandas.Series,), {})([1])]
    for each in refused:
        with pytest.raises(wire.NotData):
            sent(each)


def test_sparse_matrices_travel() -> None:
    """In their format; what stands outside, or is too large as a whole, is none."""
    scipy = pytest.importorskip("scipy.sparse", reason="SciPy is not installed")
    matrix = scipy.csr_matrix([[0.0, 2.0], [0.0, 0.0]])
    parts = sparse.parts_of(matrix)
    made = sparse.made_of(parts)
    assert type(made) is type(matrix) and made.nnz == 1 and made[0, 1] == 2
    name, shape, data, rows, columns = parts
    forged = [[name, shape, data, rows, columns + 1], [name, [10**6, 10**6], data, rows, columns],
              ["spmatrix", shape, data, rows, columns], [name, shape, data, rows]]  # fmt: skip
    for each in forged:
        with pytest.raises(wire.Malformed):
            sparse.made_of(each)
    with pytest.raises(wire.NotData):
        sparse.parts_of(scipy.eye(10**5))


@pytest.mark.parametrize(
    "parts",
    [["Series"], ["Panel", 1], ["Index", ["range", 0, 10**9, 1, None]],
     ["Series", ["range", 0, 2, 1, None], None, ["objects", [1]]],
     ["Series", ["range", 0, 1, 1, None], [], ["objects", [1]]],
     ["Index", ["flat", ["pickle", [1]], None, None]],
     ["Index", ["levels", [], [], []]]],
)  # fmt: skip
def test_forged_tables_are_malformed(parts: list[Any]) -> None:
    """Parts that are no table, whatever pandas would say of them."""
    pytest.importorskip("pandas", reason="pandas is not installed")
    with pytest.raises(wire.Malformed):
        frames.made_of(parts)
    with pytest.raises(wire.Malformed):
        frames.made_with_default(parts)
