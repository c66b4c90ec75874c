"""progress.jsonl survives whatever happens to files; what is derived from it is right."""

from __future__ import annotations

import datetime
import json
import shutil
import threading
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from gradekit.commands import kit
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.practice import folders, progress
from gradekit.practice.events import PROGRESS, Event
from gradekit.practice.settings import SETTINGS
from gradekit.practice.watch.task import Practice
from gradekit.practice.workspace import Workspace
from gradekit.report import Check, Report
from gradekit.submission import parse

DAY = 86400.0
SOFTMAX, ADAM = "exercise_05_softmax", "exercise_08_adam"


@pytest.fixture
def place(tmp_path: Path, course: Course) -> Workspace:
    return folders.create(tmp_path, course)[0]


def write(place: Workspace, *events: Event) -> None:
    lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
    (place.folder / PROGRESS).write_bytes(lines)


def checked(time: float, score: float, name: str = SOFTMAX, **fields) -> Event:
    return Event(time, "checked", name, score=score, max_score=10.0, **fields)


def report(score: float, message: str = "wrong", **fields) -> Report:
    outcome = "passed" if score else "failed"
    check = Check(
        name="a", function="softmax", title="It is so.", outcome=outcome,
        score=score, max_score=10.0, message="" if score else message,
    )  # fmt: skip
    return Report(
        exercise=SOFTMAX, score=score, max_score=10.0, isolation="process", seconds=0.1,
        submission_sha256="abc", grader_sha256="def", checks=(check,), **fields,
    )  # fmt: skip


def test_a_line_that_a_crash_cut_short_costs_nothing_else(place, course):
    """The half line is skipped, and the next event does not run into it."""
    exercise = course.find("softmax")
    place.record("hint", exercise, level=1)
    path = place.folder / PROGRESS
    path.write_bytes(path.read_bytes() + b'{"time": 17, "event": "che')
    place.record("hint", exercise, level=2)
    assert [event.level for event in place.events()] == [1, 2]


def test_a_merge_of_two_machines_is_the_union(place):
    """Conflict marks are skipped, doubled lines count once, and time decides the order."""
    early, late = checked(1000.0, 10.0), checked(2000.0, 3.0)
    lines = [msgspec.json.encode(event) for event in (late, early, late)]
    marks = b"<<<<<<< laptop\n" + lines[0] + b"\n=======\n"
    both = marks + lines[1] + b"\r\n" + lines[2] + b"\n>>>>>>> desk\n"
    (place.folder / PROGRESS).write_bytes(both)
    assert [event.time for event in place.events()] == [1000.0, 2000.0]
    assert place.states()[SOFTMAX] == "broken"


def test_damaged_lines_are_told_and_init_takes_them_out(place, monkeypatch):
    """What cannot be read is counted, a copy is kept, and lines of other versions stay."""
    path = place.folder / PROGRESS
    newer = b'{"time": "tomorrow", "event": 7}'
    lines = [msgspec.json.encode(checked(1000.0, 10.0)), b"\x00\xff garbage", newer]
    path.write_bytes(b"\n".join(lines) + b"\n")
    monkeypatch.chdir(place.folder)
    told = CliRunner().invoke(kit, ["progress"])
    assert told.exit_code == 0 and "a line of" in told.stderr and "kit init" in told.stderr
    assert CliRunner().invoke(kit, ["init", "."]).exit_code == 0
    assert path.read_bytes().splitlines() == [lines[0], newer]
    assert path.with_name(f"{PROGRESS}.bak").read_bytes().splitlines() == lines
    assert "cannot be read" not in CliRunner().invoke(kit, ["progress"]).stderr


@pytest.mark.parametrize("words", [["progress"], ["list"], ["check", "5"], []], ids=str)
def test_a_lost_progress_file_is_told_with_the_answers_that_are_there(
    words, place, course, monkeypatch
):
    """Nobody is told that this is no practice folder; `kit init .` begins a new file."""
    place.answer(course.find("softmax")).write_text("x = 1\n")
    (place.folder / PROGRESS).unlink()
    monkeypatch.chdir(place.folder)
    told = CliRunner().invoke(kit, words)
    assert told.exit_code == 2
    assert f"with {len(course.exercises)} answers" in told.output
    assert "kit init" in told.output
    assert CliRunner().invoke(kit, ["init", "."]).exit_code == 0
    assert CliRunner().invoke(kit, ["progress"]).exit_code == 0
    assert place.answer(course.find("softmax")).read_text() == "x = 1\n"


def test_lines_of_other_versions_are_kept_and_ignored(place, course):
    """Unknown events, unknown fields, other types and bytes that are no text do no harm."""
    path = place.folder / PROGRESS
    strange = [
        b'{"time": 1, "event": "checked", "exercise": "exercise_05_softmax", "score": 10,'
        b' "max_score": 10, "mood": "good"}',
        b'{"time": 2, "event": "sang", "exercise": "exercise_05_softmax"}',
        b'{"time": "noon", "event": "checked", "exercise": "exercise_05_softmax"}',
        b'{"time": 3, "event": "hint", "exercise": "exercise_99_gone", "level": 3}',
        b"\xff\xfe\x00",
        b"[]",
    ]
    path.write_bytes(b"\n".join(strange))
    place.record("hint", course.find("softmax"), level=1)
    assert place.states() == {SOFTMAX: "solved"}
    assert place.hint_level(course.find("softmax")) == 1
    assert path.read_bytes().startswith(b"\n".join(strange))
    assert {standing.state for standing in progress.standings(place)} == {"solved", "new"}


def test_two_writers_at_once_lose_nothing(place, course):
    """Watch in one terminal and check in another append to the same file."""
    exercise = course.find("softmax")

    def write_some() -> None:
        for level in range(20):
            place.record("hint", exercise, level=level)

    threads = [threading.Thread(target=write_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (place.folder / PROGRESS).read_bytes().splitlines()
    assert len([json.loads(line) for line in lines if line]) == 60


def test_progress_that_cannot_be_written_is_one_sentence(place, course):
    """A folder that has gone away is a KitError that names the file."""
    _ = place.is_practice
    path = place.folder / PROGRESS
    path.unlink()
    path.mkdir()
    assert not place.is_practice
    place.record("hint", course.find("softmax"), level=1)  # no progress is kept here: no error
    shutil.rmtree(path)
    path.symlink_to(place.folder / "a" / "b")
    with pytest.raises(KitError):
        folders.create(place.folder, course)


def test_a_solved_exercise_that_breaks_is_broken_until_it_is_solved_again(place):
    """solved, broken, solved; reset makes it new."""
    write(place, checked(1, 4), checked(2, 10))
    assert place.states()[SOFTMAX] == "solved"
    write(place, checked(1, 4), checked(2, 10), checked(3, 9))
    assert place.states()[SOFTMAX] == "broken"
    assert place.next_exercise().name == SOFTMAX
    write(place, checked(1, 10), checked(2, 9), checked(3, 10))
    assert place.states()[SOFTMAX] == "solved"
    write(place, checked(1, 10), Event(2, "reset", SOFTMAX))
    assert place.states()[SOFTMAX] == "new"


def test_an_untouched_stub_is_no_attempt(place, course, session_of):
    """Grading a stub leaves the exercise new."""
    from gradekit.submission import read

    exercise = course.find("softmax")
    graded = session_of("softmax").grade(read(place.answer(exercise)))
    place.record_check(graded, exercise)
    assert place.states() == {}


def test_named_mistakes_and_unfinished_answers_are_remembered(place, course):
    """The event holds what the answer behaved like, and whether stubs were left."""
    exercise = course.find("softmax")
    place.record_check(report(0.0, behaves_like={"softmax": "no shift"}), exercise)
    place.record_check(report(0.0, message="not written yet"), exercise)
    first, second = place.events()
    assert first.mistakes == ("softmax: no shift",) and not first.unfinished
    assert first.failed == ("It is so.",)
    assert second.unfinished and second.failed == ()
    broken = report(0.0, message="line 1 is no valid Python")
    twice = msgspec.structs.replace(broken, checks=broken.checks * 2)
    place.record_check(twice, exercise)
    *_, third = place.events()
    assert third.unfinished and third.failed == ()  # a slip of the pen is no mistake of softmax


def test_the_next_exercise_is_an_easy_one_at_first(place, course):
    """New ones come easiest and shortest first; what was started comes before them."""
    first = place.next_exercise()
    assert first.difficulty == 1
    assert first.minutes == min(e.minutes for e in course.exercises if e.difficulty == 1)
    write(place, checked(1, 4, ADAM))
    assert place.next_exercise().name == ADAM


def test_time_is_what_passes_between_events_but_not_overnight():
    """Gaps of more than twenty minutes are breaks; opening another one ends the work before."""
    events = [
        Event(0, "opened", SOFTMAX),
        checked(600, 5),
        checked(900, 10),
        checked(900 + DAY, 10),
        Event(1000 + DAY, "opened", ADAM),
        checked(1060 + DAY, 2, ADAM),
    ]
    spent = progress.seconds_spent(events)
    assert sum(spent[SOFTMAX].values()) == 1000
    assert sum(spent[ADAM].values()) == 60


def test_a_streak_counts_days_up_to_today_or_yesterday():
    """Today need not have begun yet; a day without practice ends it."""
    noon = datetime.datetime(2026, 3, 10, 12).astimezone()
    events = [Event(noon.timestamp() - back * DAY, "hint", SOFTMAX) for back in (1, 2, 3, 5)]
    today = noon.date()
    assert progress.streak(events, today) == 3
    assert progress.streak(events, today + datetime.timedelta(days=1)) == 0
    assert progress.streak([*events, Event(noon.timestamp(), "hint", SOFTMAX)], today) == 4


def test_a_mistake_counts_anew_only_when_it_had_gone():
    """Ten saves with one mistake are one mistake; its return is a second."""
    wrong = {"failed": ("No nan.",)}
    events = [
        checked(1, 5, **wrong),
        checked(2, 5, **wrong),
        checked(2.5, 0, unfinished=True),
        checked(2.7, 5, **wrong),
        checked(3, 10),
        checked(4, 5, **wrong),
    ]
    assert progress.mistakes(events) == [(SOFTMAX, "No nan.", 2)]


def test_mistakes_come_in_the_order_of_the_checks():
    """What was made equally often stays in the report's order, the same in every run."""
    failed = tuple(f"Check {number}." for number in range(20))
    found = progress.mistakes([checked(1, 5, failed=failed)])
    assert [mistake for _, mistake, _ in found] == list(failed)


def test_reset_keeps_the_answer(place, course):
    """The answer becomes .py.bak, and the stub takes its place."""
    exercise = course.find("softmax")
    place.answer(exercise).write_text("mine", "utf-8")
    backup = place.reset(exercise)
    assert backup.read_text("utf-8") == "mine"
    assert place.answer(exercise).read_bytes() == course.stub(exercise).read_bytes()
    assert [event.event for event in place.events()] == ["reset"]


def test_reset_never_overwrites_what_it_kept(place, course):
    """Each answer gets a number of its own; a file that is the stub already stays as it is."""
    exercise = course.find("softmax")
    answer = place.answer(exercise)
    for text in ("first", "second", "third"):
        answer.write_text(text, "utf-8")
        assert place.reset(exercise).read_text("utf-8") == text
        assert place.is_stub(exercise)
        assert place.reset(exercise) is None
    kept = {path.name: path.read_text("utf-8") for path in place.folder.glob("*.bak*")}
    assert kept == {
        f"{answer.name}.bak": "first",
        f"{answer.name}.bak.2": "second",
        f"{answer.name}.bak.3": "third",
    }
    assert [event.event for event in place.events()] == ["reset"] * 3


def test_an_answer_that_was_deleted_is_written_anew(place, course):
    """Reading it names the command that brings the stub back, and that command does."""
    exercise = course.find("softmax")
    place.answer(exercise).unlink()
    with pytest.raises(KitError, match=r"not there any more: `kit reset softmax` writes it anew"):
        place.read_answer(exercise)
    assert place.reset(exercise) is None
    assert place.is_stub(exercise)


def test_an_answer_graded_twice_by_two_watches_is_one_try(place, course):
    """The same verdict on the same text is written down once; another one is a new event."""
    exercise = course.find("softmax")
    for score in (4.0, 4.0, 6.0):
        place.record_check(report(score), exercise)
    assert [event.score for event in place.events()] == [4.0, 6.0]


def test_tinkering_with_a_solved_exercise_does_not_take_the_solve_away(place, course):
    """Best and latest are two things: it counts as solved, and says that it is broken now."""
    exercise = course.find("softmax")
    place.record_check(report(10.0), exercise)
    place.record_check(report(4.0), exercise)
    assert place.states() == {exercise.name: "broken"}
    assert place.solved() == {exercise.name}
    assert {s.exercise.name: s.score for s in progress.standings(place)}[exercise.name] == 10.0


def test_a_part_is_practised_alone(tmp_path, course):
    """Only its stubs are written, and only they are offered next."""
    exercises = course.in_part(2)
    made, written = folders.create(tmp_path / "two", course, exercises)
    assert written == len(exercises) == len([*(tmp_path / "two").glob("exercise_*.py")])
    assert made.next_exercise() in exercises


def test_a_practice_folder_remembers_its_course(tmp_path, course, monkeypatch):
    """The one that comes with kit needs no note; another one is found again from inside."""
    monkeypatch.setattr("gradekit.course.default_root", lambda: tmp_path / "elsewhere")
    practice, _ = folders.create(tmp_path / "practice", course)
    monkeypatch.chdir(practice.folder)
    assert folders.remembered_course() == course.root
    (practice.folder / SETTINGS).write_text('course = "/gone/away"\n')
    with pytest.raises(KitError, match="not in /gone/away any more"):
        folders.remembered_course()
    (practice.folder / SETTINGS).write_text("course\n")
    with pytest.raises(KitError, match="cannot be read"):
        folders.remembered_course()


def test_a_practice_folder_has_a_seed_of_its_own(tmp_path, course):
    """It stays until a review begins; a folder of an older kit has none, and does as well."""
    exercise = course.find("softmax")
    first, _ = folders.create(tmp_path / "first", course)
    second, _ = folders.create(tmp_path / "second", course)
    seed = first.seed_of(exercise)
    assert seed == first.seed_of(exercise) != second.seed_of(exercise)
    folders.create(tmp_path / "first", course)
    assert first.seed_of(exercise) == seed
    first.record("review_began", exercise)
    assert first.seed_of(exercise) == seed + 1
    (tmp_path / "first" / SETTINGS).unlink()
    assert first.seed_of(exercise) == 1


def test_an_interview_counts_in_progress_and_breaks_nothing(place, course):
    """Its points count; what was solved stays solved; full marks open the solution."""
    write(place, Event(1.0, "interviewed", ADAM, score=6.0, max_score=10.0, failed=("No.",)),
          Event(2.0, "interviewed", SOFTMAX, score=10.0, max_score=10.0),
          Event(3.0, "interviewed", SOFTMAX, score=4.0, max_score=10.0))  # fmt: skip
    assert place.states() == {ADAM: "started", SOFTMAX: "solved"}
    assert place.has_seen_solution(course.find("softmax"))
    found = {each.exercise.name: each for each in progress.standings(place)}
    assert (found[ADAM].score, found[SOFTMAX].score) == (6.0, 10.0)
    assert (ADAM, "No.", 1) in progress.mistakes(place.events())


def test_two_watches_on_one_file_count_each_try_once(place, course):
    """Both grade each version; whoever is first notes it, even if both are at it at once."""
    exercise = course.find("softmax")
    other = Workspace(place.folder, course)
    start = threading.Barrier(2)

    def watch(own: Workspace) -> None:
        start.wait()
        own.record_check(report(0.0), exercise)

    threads = [threading.Thread(target=watch, args=(each,)) for each in (place, other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [event.event for event in place.events()] == ["checked"]


def test_a_late_verdict_on_a_version_that_is_gone_is_no_try(place, course):
    """Unless it has full marks: a solve stays a solve."""
    exercise = course.find("softmax")
    task = Practice(course, place, exercise)
    gone = parse(Path("a.py"), b"x = 1")
    task.record(report(0.0), gone)
    assert not [*place.events()]
    task.record(report(10.0), gone)
    assert [event.full_marks for event in place.events()] == [True]
    kept = place.passed_answer(exercise)
    assert kept is not None and kept.cells == gone.cells
