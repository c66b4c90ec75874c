"""Every file in attacks/ is handed in, and has to end as its first line says.

`# attack: GROUP: what it tries; expect: ENDS, ENDS, ...` where ENDS is one of
    score 4                        exactly these points
    softmax timed_out or crashed   every scored check of that function failed, ending so
    says SOME WORDS                a failed check tells the learner these words
Attacks name no place of a machine. Where they would write, they aim at files that the test has
made for them, which lie outside what an answer may touch: `CANARIES` in an attack stands for
their folder, and `COURSE` for the course that is graded. Whatever it was, nothing may be left of
it, and the next answer is graded as ever.

An attack on imported tests meets only those that its first line names: there are many, and of
each other all that there is to say is that its function is missing.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.grading.loop import Plan
from gradekit.report import Report
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.tiers import FULL, best_tier
from gradekit.submission import Submission, read

ROOT = Path(__file__).resolve().parents[1]
ATTACKS = sorted((ROOT / "tests" / "attacks").glob("*/*.py"))
FIRST_LINE = re.compile(r"# attack: (\w+): (.+?); expect: (.+)")
NOBODY = 65534
# Hanging is as bad after a quarter of a second as after ten.
HURRY = Limits(
    import_seconds=0.5, check_seconds=0.35, submission_seconds=2, memory_mib=160, patience=6
)
# To fill the memory takes time as well, on a busy machine more than a check has there.
FILLING = msgspec.structs.replace(
    HURRY, check_seconds=0.8, submission_seconds=5, memory_mib=100
)
HURRY_TORCH = Limits(check_seconds=0.7, submission_seconds=4, memory_mib=400, patience=6)
# What an attack is handed in to, and how long that may take, by the beginning of its name.
# Exercises whose checks hold handles lie in tests/live/.
USUAL = ("05", HURRY)
ARENAS = {
    "torch": ("20", HURRY_TORCH), "live": ("targets", HURRY), "imported": ("originals", HURRY),
    "memory": ("05", FILLING),
}  # fmt: skip
SOME = 10  # checks, one in a few of them; exercises of the course have less than twice as many
SECRET = "kit_secret"
LITTER, LITTER_KEY = "kit_attack", 0x6B6974

pytestmark = pytest.mark.skipif(
    best_tier() != FULL, reason=f"this machine offers only `{best_tier()}`; see `kit doctor`"
)
outcomes: list[tuple[str, str, str]] = []


class Arena:
    """A warm session that attacks are graded in, and what to look at after each."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.course = Course(ROOT if name.isdigit() else ROOT / "tests" / "live")
        exercise = msgspec.structs.replace(self.course.find(name), limits=limits)
        self.session = open_session(self.course, exercise)
        self.solution = read(self.course.solution(exercise))
        self.limits = limits
        self.assert_unharmed()

    def assert_unharmed(self) -> None:
        """The next answer is graded as ever, by every check."""
        self.report = self.session.grade(self.solution)
        assert self.report.score == 10
        names = [check.name for check in self.report.checks]
        self.some = {*names[:: max(len(names) // SOME, 1)]}

    def assert_grades_on(self, also: set[str]) -> None:
        """The same by some checks, where all of them would take as long as an attack."""
        report = self.graded(self.solution, self.some | also)
        assert {check.outcome for check in report.checks} == {"passed"}

    def graded(self, answer: Submission, names: set[str]) -> Report:
        """The report on an answer, of the checks of these names alone."""
        plan = Plan(tuple(c.name for c in self.report.checks if c.name in names), frozenset())
        tried = self.session.tried(answer, plan, self.limits)
        if tried.worker is not None:
            tried.worker.close()
        points = sum(check.score for check in tried.checks)
        return msgspec.structs.replace(self.report, checks=tried.checks, score=points)

    @property
    def zygote(self) -> Any:
        return self.session._sandbox._zygote

    def leftovers(self) -> dict[str, object]:
        """Everything that an attack could leave behind: the same before and after it."""
        return {
            "workers": descendants(self.zygote._process.pid),
            "orphans": orphans(self.zygote._scratch),
            "files": litter(),
            "scratch": os.listdir(self.zygote._scratch),
            "descriptors": len(os.listdir("/proc/self/fd")),
            "ipc": ipc_litter(),
            "zygote": self.zygote._process.pid,
        }


Arenas = dict[tuple[str, Limits], Arena]  # that have been used so far


def descendants(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def orphans(scratch: str) -> list[int]:
    """Processes of this zygote that have got another parent."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if scratch.encode() in command and parent != os.getpid():
            found.append(int(folder.name))
    return found


def litter() -> list[str]:
    """Files that bear the name by which all attacks call theirs."""
    home = Path.home()
    folders = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", ".", str(ROOT), str(home)]
    return [
        f"{folder}/{name}"
        for folder in folders
        if os.access(folder, os.R_OK)
        for name in os.listdir(folder)
        if LITTER in name
    ]


def ipc_litter() -> list[str]:
    """System V shared memory, queues and semaphores with the key that all attacks use."""
    texts = [Path(f"/proc/sysvipc/{kind}").read_text() for kind in ("shm", "msg", "sem")]
    lines = [line for text in texts for line in text.splitlines()[1:]]
    return [line for line in lines if line.split()[0] == str(LITTER_KEY)]


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that no answer may touch; nothing is attacked unless a harmless probe fails to."""
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "folder").mkdir()
    (folder / "file").write_text("untouched")
    probe = tmp_path_factory.mktemp("probe") / "exercise_05_softmax.py"
    probe.write_text(f"with open({str(folder / 'file')!r}, 'a') as file:\n    file.write('!')\n")
    before = state_of(folder)
    course = Course(ROOT)
    with open_session(course, course.find("05")) as session:
        session.grade(read(probe))
    if state_of(folder) != before:
        pytest.exit("The isolation does not hold on this machine: no attack has been run.", 1)
    return folder


def state_of(folder: Path) -> list[tuple[object, ...]]:
    """What somebody could have changed about a folder and all that is in it."""
    found: list[tuple[object, ...]] = []
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        owner = status.st_uid, status.st_gid
        found.append((path, status.st_mode, owner, status.st_mtime_ns, status.st_nlink, content))
    return found


@pytest.fixture(scope="module")
def arenas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arenas]:
    """One session an exercise, with secrets lying about that no answer may find."""
    secrets = [Path("/tmp", SECRET), Path("/var/tmp", SECRET), Path("/dev/shm")]
    for folder in secrets:
        with contextlib.suppress(PermissionError):  # root, who runs us as nobody, has made it
            folder.mkdir(exist_ok=True)
            (folder / f"{SECRET}.py").write_text("KIT_SECRET=1")
    os.environ["KIT_SECRET"] = "KIT_SECRET=1"
    opened: Arenas = {}
    yield opened
    for arena in opened.values():
        arena.assert_unharmed()
        arena.session.close()
        assert not Path(arena.zygote._scratch).exists()
    for folder in secrets:
        with contextlib.suppress(PermissionError, FileNotFoundError):  # another run has removed it
            (folder / f"{SECRET}.py").unlink(missing_ok=True)
            if folder.name == SECRET:
                folder.rmdir()
    del os.environ["KIT_SECRET"]


def check_end(end: str, report: Report) -> None:
    """Assert one of the endings that a first line may name."""
    kind, _, rest = end.partition(" ")
    if kind == "score":
        assert report.score == float(rest)
    elif kind == "says":
        assert any(rest in check.message for check in report.failed)
    else:
        endings = set(rest.split(" or "))
        judged = [check for check in report.checks if check.function == kind and check.max_score]
        assert judged, f"no check judges {kind}"
        # Those that came too late ran out of the answer's whole time.
        late = {"timed_out"} if any("whole answer" in check.message for check in judged) else set()
        assert {check.ending for check in judged} <= endings | late
        assert {check.outcome for check in judged} == {"failed"}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_attack(attack: Path, arenas: Arenas, canaries: Path, tmp_path: Path) -> None:
    """An attack gains, learns and harms nothing, and leaves nothing behind."""
    match = FIRST_LINE.fullmatch(attack.read_text().partition("\n")[0])
    assert match, "the first line does not say what to expect"
    group, what, expected = match.groups()
    assert group == attack.parent.name
    key = ARENAS.get(attack.stem.partition("_")[0], USUAL)
    if key not in arenas:
        arenas[key] = Arena(*key)
    arena = arenas[key]
    before = arena.leftovers(), state_of(canaries)
    answer = tmp_path / attack.name
    text = attack.read_text().replace("CANARIES", str(canaries)).replace("COURSE", str(ROOT))
    answer.write_text(text)

    started = time.monotonic()
    # What hangs in one check, and wants no more than that, need not hang in all of them.
    hangs = (group == "harmed" or "hangs" in attack.stem) and "timed_out" in expected
    ends = expected.split(", ")
    attacked = {f"test_{end.partition(' ')[0]}" for end in ends} if key[0] == "originals" else set()
    if attacked:
        report = arena.graded(read(answer), attacked)
    else:
        report = arena.session.grade(read(answer), timeouts=1 if hangs else None)
    seconds = time.monotonic() - started

    endings = sorted({c.ending for c in report.failed})
    outcomes.append((f"{group}/{attack.stem}", f"{report.score:g}", " ".join(endings)))
    assert report.checks, "its first line names no test"
    messages = [check.message for check in report.failed]
    try:
        for end in ends:
            check_end(end, report)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{report.score} points\n" + "\n".join(messages)) from None
    assert not report.not_run, "our own failure"
    assert not any("LEAK" in message for message in messages), messages
    assert all(c.isprintable() or c == "\n" for message in messages for c in message)
    assert seconds < 30
    assert (arena.leftovers(), state_of(canaries)) == before
    arena.assert_grades_on(attacked)


def test_attacks_are_many(course: Course) -> None:
    """There are at least sixty attacks, some in each group."""
    groups = [attack.parent.name for attack in ATTACKS]
    assert len(groups) >= 60
    assert min(groups.count(group) for group in ("gained", "learned", "harmed")) >= 15


def test_table_of_outcomes(capsys: pytest.CaptureFixture[str]) -> None:
    """How each attack ended can be read in one table."""
    width = max((len(name) for name, _, _ in outcomes), default=0)
    with capsys.disabled():
        print(f"\nattacks as user {os.getuid()}: name, points, endings of the failed checks")
        for name, score, endings in outcomes:
            print(f"  {name:{width}}  {score:>4}  {endings}")


@pytest.fixture(scope="module", autouse=True)
def nobody(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[subprocess.Popen[bytes], Path] | str]:
    """All attacks once more, beside ours, in a process of the user nobody; or why not."""
    wanted = {item.name for item in request.session.items}
    if os.getuid() != 0 or test_attacks_as_an_ordinary_user.__name__ not in wanted:
        yield "not asked for"
        return
    command = [
        sys.executable, "-m", "pytest", __file__, "-q", "-p", "no:cacheprovider",
        "-k", "not ordinary", f"--basetemp=/tmp/kit-ordinary-{os.getpid()}",
    ]  # fmt: skip
    command, reason = as_nobody(command)
    if reason:
        yield reason
        return
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "OMP_NUM_THREADS": "1"}
    output = tmp_path_factory.mktemp("nobody") / "output"
    with (
        output.open("wb") as file,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        ) as process,
    ):
        yield process, output
        process.kill()
    shutil.rmtree(f"/tmp/kit-ordinary-{os.getpid()}", ignore_errors=True)


@pytest.mark.skipif(os.getuid() != 0, reason="all of the above already ran as an ordinary user")
def test_attacks_as_an_ordinary_user(
    nobody: tuple[subprocess.Popen[bytes], Path] | str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same attacks end the same way if the grader is no root."""
    if isinstance(nobody, str):
        pytest.skip(nobody)
    process, output = nobody
    code = process.wait(600)
    text = output.read_text("utf-8", "replace")
    with capsys.disabled():
        print(text[text.find("attacks as user") :].partition("\n====")[0])
    assert code == 0, text[-3000:]


def as_nobody(command: list[str]) -> tuple[list[str], str]:
    """`command`, run as the user nobody, who must be able to reach Python; or why not.

    Python may lie in root's home, which nobody may enter. Then the command sees, in a mount
    namespace of its own, a home that holds that Python and nothing else.
    """
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
    if not shutil.which("setpriv"):
        return [], "no setpriv (util-linux) to become an ordinary user with"
    python = Path(sys.base_prefix).resolve()
    closed = [folder for folder in reversed(python.parents) if not folder.stat().st_mode & 0o001]
    if not closed:
        return become + command, ""
    script = (
        'set -e; python=$1; closed=$2; keep=$(mktemp -d); shift 2; mount --bind "$python" "$keep"; '
        'mount -t tmpfs -o mode=755 none "$closed"; mkdir -p "$python"; '
        'mount --move "$keep" "$python"; rmdir "$keep"; exec "$@"'
    )
    inside = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    inside += [str(python), str(closed[0])]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        return [], f"an ordinary user cannot enter {closed[0]}, and no mount can be made"
    return inside + become + command, ""
