"""Proof that a grader is right: what it must accept, and what it must not.

For one exercise: the stub earns nothing, the solution and every right answer of the bank
everything; every wrong answer loses points, in checks of the function that it names and in
no other; every check is needed by some wrong answer; every mutant of the solution is caught
or explained.

Of an exercise that was imported nobody can demand hints and a bank. There a proof is an audit:
what its own tests let through.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import as_completed
from pathlib import Path

import msgspec

from gradekit.authoring.mutated import Place, mutated_answers
from gradekit.authoring.new import UNWRITTEN
from gradekit.authoring.reading import fault_of, not_python, timed, unlike, unsaid, unseen
from gradekit.bank import Said, said_by
from gradekit.course import METADATA, Course, Exercise
from gradekit.definitions import asked_for
from gradekit.edits.mutants import Mutant, is_same_code, require_operators
from gradekit.engine import Sandboxes, open_session
from gradekit.errors import KitError, OurFailure, plainly
from gradekit.grading.assertions import NO_MESSAGE
from gradekit.grading.loop import Plan
from gradekit.grading.mistakes import ENOUGH, Mistake, Print, Signatures, load, save
from gradekit.processes import side_by_side
from gradekit.report import Report
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import Limits
from gradekit.submission import read

RUNS = 3  # of the solution, which have to agree
BUDGET_SHARE = 0.25  # of submission_seconds: what grading the solution may take
# What hangs is caught, so there is no need to wait long for it; some mistakes are only slow.
WRONG_SECONDS, MUTANT_SECONDS, SLOWER = 5.0, 2.0, 5
SAME_SHARE = 0.9  # of the mistakes that have to match their shipped signatures
NAMED_SHARE = 0.8  # of the wrong files that have to be recognised as themselves
POINTS, POINTS_APART = 10, 1e-6  # 14 x 10/14 are not 10 in floating point
FAST_MUTANTS = 40  # of an exercise, evenly spread over its solution


class Proof(msgspec.Struct):
    """What was found about one exercise. An empty `problems` is a proof.

    Attributes:
        advice: What could be better in an imported exercise, and is not demanded of it.
        mutants: How many there are; `tried`, how many of them were graded.
        survivors, equivalents: Mutants that no check fails, and those of which it is known why.
    """

    exercise: str
    problems: list[str] = []
    advice: list[str] = []
    checks: int = 0
    right: int = 0
    wrong: int = 0
    named: int = 0
    mutants: int = 0
    caught: int = 0
    equivalent: int = 0
    survivors: list[str] = []
    equivalents: list[str] = []
    tried: int = 0
    seconds: float = 0.0  # of grading the solution once, warm


class Equivalent(msgspec.Struct, forbid_unknown_fields=True):
    """A mutant that keeps the contract: the changed line before and after, and why.

    `line` says which is meant where the same change is possible in several lines.
    """

    before: str
    after: str
    reason: str
    line: int = 0


def verify(
    course: Course,
    exercises: Iterable[Exercise],
    *,
    with_mutants: bool,
    update: bool,
    jobs: int,
    on_proof: Callable[[Proof], None],
    seeds: int = 1,
    fast: bool = False,
) -> list[Proof]:
    """Prove several exercises side by side; `on_proof` is called after each.

    Args:
        update: Write the signatures of the known mistakes instead of comparing them.
        seeds: With how many seeds of drawn cases every right answer has to earn all points.
        fast: Grade the solution once, and a sample of the mutants.
    Raises:
        KitError: mutants are wanted, and there is nothing to make them with.
    """
    if with_mutants:
        require_operators()
    # Those with the most answers first, so that no process is left with a long one at the end.
    each_once = {exercise.name: exercise for exercise in exercises}.values()
    answers = {each.name: len([*(course.bank / each.name).glob("*/*.py")]) for each in each_once}
    ordered = sorted(each_once, key=lambda each: answers[each.name], reverse=True)
    arguments = [(course.root, each.name, with_mutants, update, seeds, fast) for each in ordered]
    proofs = []
    with side_by_side(jobs) as pool:
        for done in as_completed([pool.submit(_prove_in_turn, *each) for each in arguments]):
            proofs.append(done.result())
            on_proof(proofs[-1])
    return sorted(proofs, key=lambda proof: proof.exercise)


def _prove_in_turn(
    root: Path, name: str, with_mutants: bool, update: bool, seeds: int, fast: bool
) -> Proof:
    """As `prove`, one exercise after the other in this process, which ends when all are proved."""
    course = Course(root)
    lent = _lent(course, course.find(name))
    return prove(root, name, with_mutants, update, seeds, fast, lent=lent)


_sandboxes = Sandboxes()  # until this process ends, and they with it


def _lent(course: Course, exercise: Exercise) -> Sandbox | None:
    """The sandbox of exercises like this one, where it takes long to start: as in a class.

    Elsewhere it is None: an answer that imports torch beside numpy does so itself, once in each
    exercise, as somebody's only answer does.
    """
    if "torch" not in exercise.modules or exercise.imported:
        return None
    try:
        return _sandboxes.of(course, exercise)
    except (KitError, OurFailure):
        return None  # the proof says what is missing


def prove(
    root: Path,
    name: str,
    with_mutants: bool,
    update: bool,
    seeds: int = 1,
    fast: bool = False,
    *,
    lent: Sandbox | None = None,
) -> Proof:
    """Prove the grader of one exercise of the course in `root`.

    Args:
        lent: A sandbox of the exercise that others use as well.
    """
    prover = _Prover(Course(root), name, fast, lent)
    try:
        prover.prove(with_mutants, update, seeds)
    except OurFailure as error:
        prover.proof.problems.append(f"the grader broke: {error}")
    except KitError as error:  # of a file that cannot be read: the other exercises go on
        prover.proof.problems.append(str(error))
    return prover.proof


class _Prover:
    """The steps of one proof, which share a warm session and what went wrong so far."""

    def __init__(self, course: Course, name: str, fast: bool, lent: Sandbox | None) -> None:
        self.course, self._fast, self._lent = course, fast, lent
        self.exercise = course.find(name)
        self.bank = course.bank / self.exercise.name
        self.proof = Proof(self.exercise.name)
        self._is_solved = False  # whether the solution passes
        self._failed_by_wrong: set[str] = set()
        self._unreadable: set[Path] = set()  # files of the bank, which have been complained of
        self._unnamed: list[str] = []  # wrong files that are not recognised
        self._not_run: set[tuple[str, str]] = set()  # checks and messages

    def prove(self, with_mutants: bool, update: bool, seeds: int) -> None:
        if not self._is_complete() or not self._is_readable():
            return
        self._prove_written()
        with open_session(self.course, self.exercise, lent=self._lent) as session:
            self._session = session
            checks = self._prove_stub_and_solution()
            self._prove_right()
            signatures = self._prove_wrong()
            self._prove_right_for(seeds)
            unused = sorted(checks - self._failed_by_wrong)
            if not self.exercise.imported:
                self._complain(f"no wrong answer fails {check}" for check in unused)
            if with_mutants and (self._is_solved or self.exercise.imported):
                self._prove_mutants()
        has_bank = bool(signatures) or not self.exercise.imported
        if has_bank and len(signatures) == len(self._files("wrong")):
            self._prove_signatures(signatures, update)

    def _complain(self, problems: Iterable[str]) -> None:
        """Note problems, each of them once."""
        told = self.proof.problems
        told.extend(problem for problem in problems if problem not in told)

    def _advise(self, shortcomings: Iterable[str]) -> None:
        """As `_complain`; of an imported exercise it is not demanded."""
        if not self.exercise.imported:
            self._complain(shortcomings)
            return
        told = self.proof.advice
        told.extend(each for each in shortcomings if each not in told)

    def _is_complete(self) -> bool:
        course, exercise = self.course, self.exercise
        own = (course.stub(exercise), course.solution(exercise), course.grader(exercise))
        files = (*own, *course.data(exercise).values())
        missing = [path.relative_to(course.root) for path in files if not path.is_file()]
        self._complain(f"there is no {path}" for path in missing)
        times = [each.name for each in course.exercises].count(exercise.name)
        if times > 1:
            self._complain([f"exercises/{METADATA} has {exercise.name} {times} times"])
        return not missing

    def _is_readable(self) -> bool:
        """Whether stub, solution and grader are Python; what in the bank is not is left out."""
        texts = self._texts()
        faults = {path: fault_of(path, called) for called, path in texts.items()}
        self._complain(filter(None, faults.values()))
        bank = set(self._files("right")) | set(self._files("wrong"))
        self._unreadable = {path for path in bank if faults[path]}
        for kind in ("right", "wrong"):
            self._complain(not_python(self.bank / kind))
        return not any(fault for path, fault in faults.items() if path not in bank)

    def _texts(self) -> dict[str, Path]:
        """All Python files of the exercise, by what they are called in a problem."""
        course, exercise = self.course, self.exercise
        bank = [*self._files("right"), *self._files("wrong")]
        return {
            "the stub": course.stub(exercise),
            "the solution": course.solution(exercise),
            "the grader": course.grader(exercise),
            **{f"{path.parent.name}/{path.name}": path for path in bank},
        }

    def _files(self, kind: str) -> list[Path]:
        """The right or the wrong answers of the bank."""
        return sorted((self.bank / kind).glob("*.py"))

    def _prove_written(self) -> None:
        """Nothing is left to write: of what `kit new` began, and of what each check says."""
        if self.exercise.imported:
            self._advise([] if self.exercise.hints else ["it has no hints"])
            self._advise([] if self.exercise.followups else ["it has no follow-up questions"])
        else:
            self._complain(unseen(self.course.grader(self.exercise)))
            self._complain(unsaid(self.course.grader(self.exercise)))
            stub, solution = (of(self.exercise) for of in (self.course.stub, self.course.solution))
            self._complain(unlike(stub, solution))
        self._complain(timed(self.course.grader(self.exercise)))
        for what, path in self._texts().items():
            if path in self._unreadable:
                continue
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if UNWRITTEN in line:
                    wanted = line.partition(UNWRITTEN)[2].removeprefix(": ")
                    self._complain([f"{what}, line {number}, is still to write: {wanted}"])
        for field in Exercise.__struct_fields__:
            if UNWRITTEN in str(getattr(self.exercise, field)):
                self._complain([f"exercises/{METADATA}: `{field}` is still to write"])

    def _grade(self, path: Path, limits: Limits | None = None) -> tuple[Report, dict[str, Print]]:
        # Without the memo: a proof has to see what the checks say, each time.
        report, prints = self._session.examine(read(path), remember=False, limits=limits)
        self._tell_own_faults(path.name, report)
        return report, prints

    def _tell_own_faults(self, what: str, report: Report) -> None:
        """What is the grader's fault is told once: by one fault, every answer is hit."""
        for check in report.not_run:
            if (check.name, check.message) not in self._not_run:
                self._not_run.add((check.name, check.message))
                self._complain([f"{what}: {check.name} was not run: {check.message}"])
        for check in report.failed:
            _, broken, why = check.message.partition(NO_MESSAGE)
            if broken and (check.name, NO_MESSAGE) not in self._not_run:
                self._not_run.add((check.name, NO_MESSAGE))
                told = why.strip().partition("\n")[0]
                self._advise([f"{check.name}: the message of an assertion raises {told} ({what})"])

    def _prove_stub_and_solution(self) -> set[str]:
        """Return the names of the hidden checks."""
        stub, _ = self._grade(self.course.stub(self.exercise))
        if stub.score:
            earned = ", ".join(each.name for each in stub.checks if each.score)
            self._advise([f"the stub earns {stub.score:g} points ({earned})"])
        runs = [self._grade(self.course.solution(self.exercise))[0]]
        hangs = any(check.ending == "timed_out" for check in runs[0].failed)
        count = 1 if self._fast or hangs else RUNS
        runs += [self._grade(self.course.solution(self.exercise))[0] for _ in range(count - 1)]
        report = runs[-1]
        self._is_solved = not report.failed  # or else what its mutants do says nothing
        if abs(report.max_score - POINTS) > POINTS_APART and not self.exercise.imported:
            self._complain([f"the checks add up to {report.max_score:g} points, not 10"])
        self._prove_functions(report)
        self._must_pass("the solution", report)
        if any(_comparable(run) != _comparable(report) for run in runs):
            self._complain([f"{count} runs of the solution gave different reports"])
        budget = self.exercise.limits.submission_seconds * BUDGET_SHARE
        self.proof.seconds = report.seconds
        if report.seconds > budget:
            self._complain([f"grading the solution takes {report.seconds:.1f} s of {budget:g}"])
        self._complain(
            f"{check.name} is worth {check.max_score:g} points: only an example may be worth none"
            for check in report.checks
            if check.max_score <= 0
            and not check.name.startswith("example_")
            and not self.exercise.imported
        )
        judged = [check for check in report.checks if check.outcome != "waits"]
        hidden = {check.name for check in judged if check.max_score}
        self.proof.checks = len(hidden)
        return hidden

    def _prove_functions(self, report: Report) -> None:
        """Checks are of functions that the stub has, and need no handles where there are none."""
        if self.exercise.imported:
            return
        stub = asked_for(self.course.stub(self.exercise))
        self._complain(
            f"{check.name} is a check of `{check.function}`, which the stub does not define"
            for check in report.checks
            if check.function.partition(".")[0] not in stub and check.outcome != "waits"
        )
        objects = [f"returned a `{name}` object" for name in stub]
        if not self.exercise.live and any(
            words in check.message for words in objects for check in report.failed
        ):
            self._complain(
                [
                    f"its entry in exercises/{METADATA} needs `live = true`: its checks hold "
                    "objects of the answer"
                ]
            )

    def _must_pass(self, what: str, report: Report) -> None:
        self._complain(f"{what} fails {check.name}: {check.message}" for check in report.failed)

    def _prove_right(self) -> None:
        for path in self._files("right"):
            if path in self._unreadable:
                continue
            self.proof.right += 1
            self._must_pass(f"right/{path.name}", self._grade(path)[0])
        if not self.proof.right:
            self._advise(["the bank has no right answer besides the solution"])

    def _prove_right_for(self, seeds: int) -> None:
        """The cases that checks draw differ from class to class: no right answer may fail any.

        Checks that draw none have said already what they would say with every seed.
        """
        drawing = Plan(tuple(sorted(self._session.drawing)), frozenset())
        paths = [self.course.solution(self.exercise), *self._files("right")]
        for path in paths:
            answer = None if path in self._unreadable else read(path)
            for seed in range(1, seeds if answer else 1):
                assert answer is not None
                report, _ = self._session.examine(answer, remember=False, seed=seed, plan=drawing)
                self._must_pass(f"{path.name} with seed {seed}", report)

    def _prove_wrong(self) -> list[Mistake]:
        """Return the mistakes with their prints; not of files that do not say what they are."""
        mistakes: list[Mistake] = []
        for path in self._files("wrong"):
            if path in self._unreadable:
                continue
            report, prints = self._grade(path, self._impatient(WRONG_SECONDS))
            failed = [check for check in report.failed if check.max_score]
            self._failed_by_wrong |= {check.name for check in failed}
            try:
                function, sentence = first_line(path)
            except KitError as error:
                self._complain([str(error)])
                continue
            self.proof.wrong += 1
            if not failed:
                self._complain([f"wrong/{path.name} earns full marks"])
            others = sorted({check.function for check in report.failed} - {function})
            self._complain(
                f"wrong/{path.name} names {function} but fails a check of {other}"
                for other in others
            )
            names = {check.name for check in failed}
            kept = {name: each for name, each in prints.items() if name in names}
            mistakes.append(Mistake(path.stem, function, sentence, kept))
            # Among the mistakes so far, this one included:
            # whether an answer like it would get its name.
            known = Signatures("", tuple(mistakes))
            is_named = sentence in known.name(report.checks, prints).get(function, "")
            self.proof.named += is_named
            if not is_named:
                # Why, where it is not said already: exceptions have too many causes to be a name.
                only_raises = kept and not any(each.is_value for each in kept.values())
                self._unnamed.append(f"{path.name} (only raises)" if only_raises else path.name)
        return mistakes

    def _prove_signatures(self, mistakes: list[Mistake], update: bool) -> None:
        """The shipped signatures are these; and most mistakes are told apart by them."""
        grader = self.course.grader(self.exercise)
        fresh = Signatures(self._session.grader_sha256, tuple(mistakes))
        if update:
            save(grader, fresh)
        elif load(grader, fresh.grader_sha256) is None or not _agree(grader, fresh):
            self._complain(["the signatures of known mistakes are stale: `kit verify --update`"])
        if self.proof.named < NAMED_SHARE * self.proof.wrong:
            counts = f"only {self.proof.named} of {self.proof.wrong} mistakes are named"
            self._complain([f"{counts}: not {', '.join(self._unnamed)}"])

    def _prove_mutants(self) -> None:
        answer = read(self.course.solution(self.exercise))
        explained, limits = self._equivalents(), self._impatient(MUTANT_SECONDS)
        mutants = [*mutated_answers(answer)]
        self.proof.mutants = len(mutants)
        if self._fast:
            # Every so many: the same sample each time, from all over the solution.
            mutants = mutants[:: -(-len(mutants) // FAST_MUTANTS) or 1]
        self.proof.tried = len(mutants)
        for place, submission in mutants:
            # Here with the memo, and only up to the first failure: there are hundreds of
            # mutants, and most reply what another one did.
            report, _ = self._session.examine(submission, until_failure=True, limits=limits)
            self._tell_own_faults(str(place), report)
            survives = not any(check.max_score for check in report.failed)
            known = _taken_from(explained, place.mutant)
            is_same = is_same_code(place.before, place.mutant.source)
            self._count(place, survives, known, is_same)
        if not self._fast:
            self._complain(
                f"equivalent.toml explains a mutant that does not survive or exist: {each.after}"
                for each in explained
            )

    def _impatient(self, least: float) -> Limits:
        """Limits for what is to fail: many times what the solution takes, and no more.

        Args:
            least: CPU seconds that a check may take in any case.
        """
        limits = self.exercise.limits
        seconds = min(limits.check_seconds, max(least, SLOWER * self.proof.seconds))
        return msgspec.structs.replace(limits, check_seconds=seconds)

    def _count(self, place: Place, survives: bool, known: Equivalent | None, is_same: bool) -> None:
        told = str(place)
        if not survives:
            self.proof.caught += 1
            if known:
                self._complain([f"equivalent.toml explains a mutant that is caught: {known.after}"])
        elif known or is_same:
            self.proof.equivalent += 1
            why = known.reason if known else "both compile to the same code"
            self.proof.equivalents.append(f"{told} ({why})")
        else:
            self.proof.survivors.append(told)
            self._complain([f"a mutant survives in {told}"])

    def _equivalents(self) -> list[Equivalent]:
        path = self.bank / "equivalent.toml"
        if not path.exists():
            return []
        try:
            entries = tomllib.loads(path.read_text("utf-8")).get("mutant", [])
            return msgspec.convert(entries, list[Equivalent])
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise KitError(f"{path} cannot be used: {plainly(str(error))}.") from None


def _taken_from(explained: list[Equivalent], mutant: Mutant) -> Equivalent | None:
    """The entry that explains a mutant, taken out: each explains one."""
    alike = [e for e in explained if (e.before, e.after) == (mutant.before, mutant.after)]
    exact = [each for each in alike if each.line == mutant.line]
    anywhere = [each for each in alike if not each.line]
    for each in exact or anywhere:
        explained.remove(each)
        return each
    return None


def first_line(path: Path) -> Said:
    """What a wrong file of the bank says of itself.

    Raises:
        KitError: its first line does not say it.
    """
    said = said_by(path.read_text("utf-8"))
    if said is None or not said.sentence:
        raise KitError(f"wrong/{path.name} has to open with `# wrong: function: what is wrong`.")
    return said


def _comparable(report: Report) -> Report:
    return msgspec.structs.replace(report.without_times(), behaves_like={})


def _agree(grader: Path, fresh: Signatures) -> bool:
    """Whether the shipped signatures say what was just seen.

    Not of every mistake: one that draws its own unseeded numbers behaves anew each time.
    """
    shipped = load(grader, fresh.grader_sha256)
    if shipped is None or _names(shipped) != _names(fresh):
        return False
    pairs = zip(shipped.mistakes, fresh.mistakes, strict=True)
    return sum(_behave_alike(*pair) for pair in pairs) >= SAME_SHARE * len(fresh.mistakes)


def _names(signatures: Signatures) -> list[tuple[str, str, str]]:
    return [(each.name, each.function, each.sentence) for each in signatures.mistakes]


def _behave_alike(old: Mistake, new: Mistake) -> bool:
    """Whether two runs failed the same checks, and nearly all in the same way."""
    if old.prints.keys() != new.prints.keys():
        return False
    agreeing = sum(old.prints[name].agrees(new.prints[name]) for name in new.prints)
    return agreeing >= ENOUGH * len(new.prints)
