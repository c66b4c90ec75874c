"""unittest: a method is a test, run by unittest itself with all that belongs to it."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from gradekit.grading.originals.borrowed import noted
from gradekit.grading.originals.original import Original, Test, title_of
from gradekit.grading.originals.world import World
from gradekit.grading.proxy import SubmissionProxy

LOAD_TESTS = "load_tests"  # the function by which a module adds tests
SKIPPED = "it skips itself"
# So it earns nothing: an answer that does nothing passes it.
EXPECTED = "it is expected to fail, so it is run and earns nothing"


class FirstError(unittest.TestResult):
    """Keeps the first error as it was raised, those of subtests and of clean-ups included.

    unittest's own result keeps texts only, and a verdict needs the exception.
    """

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None
        self.skip = ""

    def _keep(self, error: Any) -> None:
        self.error = self.error or error[1]

    def addError(self, test: unittest.TestCase, error: Any) -> None:
        self._keep(error)

    def addFailure(self, test: unittest.TestCase, error: Any) -> None:
        self._keep(error)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, error: Any) -> None:
        if error is not None:
            self._keep(error)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.skip = reason or SKIPPED

    def addExpectedFailure(self, test: unittest.TestCase, error: Any) -> None:
        pass

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self.error = self.error or AssertionError("it passes, and is expected to fail")


class UnittestFile(Original):
    """A module of test cases."""

    shares_names = False

    def tests(self, submission: SubmissionProxy) -> Iterator[Test]:
        with self.world(submission) as world:
            module = world.load(self.path, world.place.name_of(self.path))
            try:
                added = added_by(module)
            except Exception as error:
                yield Test(LOAD_TESTS, "Load tests.", obstacle=f"{LOAD_TESTS} fails: {error}")
                added = {}
            for name, case in cases_of(module):
                for method in unittest.defaultTestLoader.getTestCaseNames(case):
                    yield test_of_method(f"{name}.{method}", case, method)
            for address, test in added.items():
                title = title_of(test.shortDescription(), test.id().rpartition(".")[2])
                yield Test(address, title)

    def run_in(self, world: World, address: str) -> None:
        name, _, method = address.partition(".")
        module = world.load(self.path, world.place.name_of(self.path))
        run_test(getattr(module, name)(method) if method else added_by(module)[address])


def cases_of(module: ModuleType) -> Iterator[tuple[str, type[unittest.TestCase]]]:
    """The test cases that a module has at its top level, by their names there."""
    for name, value in list(vars(module).items()):
        is_case = isinstance(value, type) and issubclass(value, unittest.TestCase)
        # Not those that it imports, such as a base class of
        # several files: their own file runs them.
        if is_case and value.__module__ == module.__name__:
            yield name, value


def test_of_method(address: str, case: type[unittest.TestCase], method: str) -> Test:
    """A method as a test, with what keeps it from being a check."""
    function = getattr(case, method)
    skipped = getattr(function, "__unittest_skip__", False) or getattr(
        case, "__unittest_skip__", False
    )
    obstacle = SKIPPED if skipped else ""
    told = noted(function)
    fails = getattr(function, "__unittest_expecting_failure__", False)
    return Test(
        address,
        title_of(function.__doc__, method),
        points=0.0 if fails else told.points,
        hidden=told.hidden,
        obstacle=obstacle,
        note=EXPECTED if fails else "",
    )


def added_by(module: ModuleType) -> dict[str, unittest.TestCase]:
    """The tests that a module's `load_tests` makes itself, by their addresses."""
    load = getattr(module, LOAD_TESTS, None)
    if load is None:
        return {}
    loader = unittest.TestLoader()
    usual = [loader.loadTestsFromTestCase(case) for _, case in cases_of(module)]
    known = [*_tests_in(unittest.TestSuite(usual))]
    made = load(loader, unittest.TestSuite(usual), None)
    new = [each for each in _tests_in(made) if not any(each is one for one in known)]
    return {f"{LOAD_TESTS}#{number}": each for number, each in enumerate(new)}


def _tests_in(suite: Any) -> Iterator[unittest.TestCase]:
    """The tests of a suite and of the suites in it."""
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from _tests_in(each)
        else:
            yield each


def run_test(test: unittest.TestCase) -> None:
    """Run a test with setUpModule, setUpClass, setUp and what they add to clean up."""
    result = FirstError()
    # A suite, even of one: only a suite calls setUpModule and setUpClass.
    unittest.TestSuite([test]).run(result)
    if result.error is not None:
        raise result.error
    if result.skip:
        # A skip while the tests are run, though none was seen on import: the answer may have caused
        # it (a test that skips where a name is missing), and must not pass by it.
        raise AssertionError(f"it was skipped: {result.skip}")
