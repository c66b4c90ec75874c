"""The submission as a grader sees it: functions that run in another process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gradekit.grading.call import Call, Called
from gradekit.grading.code import built
from gradekit.grading.raised import SubmissionError
from gradekit.grading.run import Run


class Current:
    """Which submission is being graded: the one place where a session says so."""

    def __init__(self, run: Run | None = None) -> None:
        self.run = run


class SubmissionProxy:
    """Its attributes are the submission's functions. Values come back as plain data."""

    def __init__(self, current: Current) -> None:
        self._current = current

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Called:
        """Call a function and look at its arguments afterwards, too.

        Example (`submission` doubles `x` in place):
            >>> called = submission.call("double_in_place", [1, 2])
            >>> called.args
            ([1, 2, 1, 2],)
        """
        return _called(self._request([name, args, kwargs, True], Call(name, args, kwargs)))

    def each(
        self, name: str, cases: Iterable[tuple[Any, ...]], /, **kwargs: Any
    ) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Call a function for each tuple of arguments; yield the tuple and the value.

        The calls travel together, which is quicker than one by one. All are made, in order,
        even if the loop ends before the last.

        Example (`submission` returns `2 * x`):
            >>> [*submission.each("double", [(1,), (2,)])]
            [((1,), 2), ((2,), 4)]
        """
        arguments = [*cases]
        values = self._each(name, arguments, kwargs, with_arguments=False)
        return zip(arguments, values, strict=True)

    def each_called(
        self, name: str, cases: Iterable[tuple[Any, ...]], /, **kwargs: Any
    ) -> Iterator[tuple[tuple[Any, ...], Called]]:
        """As `each`, and look at the arguments afterwards, too.

        Example (`submission` doubles `x` in place):
            >>> [called.args for _, called in submission.each_called("double_in_place", [([1],)])]
            [([1, 1],)]
        """
        arguments = [*cases]
        answers = self._each(name, arguments, kwargs, with_arguments=True)
        return zip(arguments, map(_called, answers), strict=True)

    def each_case(
        self, name: str, cases: list[tuple[tuple[Any, ...], dict[str, Any]]], with_arguments: bool
    ) -> Iterator[tuple[tuple[tuple[Any, ...], dict[str, Any]], Any]]:
        """As `each` or `each_called`, for cases that have keywords of their own.

        Example (`submission` returns `2 * x`):
            >>> [*submission.each_case("double", [((), {"x": 3})], with_arguments=False)]
            [(((), {'x': 3}), 6)]
        """
        calls = [Call(name, args, keywords) for args, keywords in cases]
        answers = self._calls(calls, with_arguments)
        return zip(cases, map(_called, answers) if with_arguments else answers, strict=True)

    def each_probe(
        self, function: Callable[..., Any], cases: Iterable[tuple[Any, ...]], /
    ) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """As `probe` for each tuple of arguments; yield the tuple and what came back.

        They travel together. Fixed problems come before drawn ones, in tuples of their own:
        known mistakes are recognised by the first reply that fails a check.

        Example (`submission` returns `2 * x`):
            >>> [*submission.each_probe(lambda answer, x: answer.double(x) - x, [(3,), (4,)])]
            [((3,), 3), ((4,), 4)]
        """
        arguments = [*cases]
        values = run_of(self).probes([[function, args] for args in arguments])
        return zip(arguments, values, strict=True)

    def probe(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Run `function(answer, *args)` beside the submission; it returns plain data.

        `answer` has the submission's functions as attributes. The submission can read
        everything that the probe holds, so it holds no expected value.

        Example (`submission` returns `2 * x`):
            >>> submission.probe(lambda answer: answer.double(answer.double(5)))
            20
        """
        return run_of(self).probe([function, args])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest and copy look for such
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        """What the submission calls `name`, though the proxy itself may have a method so called.

        A function; in an exercise with handles also a class, data or any other object.
        """
        # With handles, a request asks what stands under the name: it may be a class, or data.
        # Without them nothing is asked before the call, which saves a round trip for each of them.
        if run_of(self).has_handles:
            return run_of(self).variable(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._request([name, args, kwargs, False], Call(name, args, kwargs))

        return call

    def _request(self, body: list[Any], call: Call) -> Any:
        run_of(self).state.note_call(call)
        return run_of(self).request("call", built(body), call)

    def _each(
        self, name: str, cases: list[tuple[Any, ...]], kwargs: dict[str, Any], with_arguments: bool
    ) -> Iterator[Any]:
        return self._calls([Call(name, args, kwargs) for args in cases], with_arguments)

    def _calls(self, calls: list[Call], with_arguments: bool) -> Iterator[Any]:
        # Built here, once: the request has the values, while the messages keep the texts of `Code`.
        return run_of(self).calls([built([*call, with_arguments]) for call in calls], calls)


def run_of(submission: SubmissionProxy) -> Run:
    """The run behind the submission that a check is given.

    A function and no attribute, so that an answer's function may have any public name.
    """
    run = submission._current.run  # noqa: SLF001
    assert run is not None, "no submission is being graded"
    return run


def _called(answer: Any) -> Called:
    if not isinstance(answer, tuple) or len(answer) != 3:
        raise SubmissionError("it sent back no proper data", "malformed")
    return Called(*answer)
