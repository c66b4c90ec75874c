"""The cells of a notebook that ask for checks of ours, and what they show once it is graded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gradekit.errors import KitError
from gradekit.feedback import Level, at_level
from gradekit.nbgrader.notebooks import EXAMPLES_SUFFIX, HiddenCheck
from gradekit.report import Check, Report
from gradekit.texts import NOT_RUN, details, explained

if TYPE_CHECKING:
    from nbgrader.api import Notebook

Reports = Mapping[str, Report]  # by exercise


class Graded(NamedTuple):
    """What the cells of one notebook ask for, and the reports that answer them."""

    asked: Mapping[str, HiddenCheck]  # by grade_id
    reports: Reports

    def find(self, grade_id: str | None) -> tuple[str, Check] | None:
        """The exercise and the check that a cell of ours stands for.

        Raises:
            KitError: the grader no longer has that check.
        """
        if grade_id is None:
            return None
        if asked := self.asked.get(grade_id):
            return asked.exercise, self._check(asked)
        examples = f"example_{grade_id.removesuffix(EXAMPLES_SUFFIX)}"
        for name, report in self.reports.items():
            for check in report.checks if grade_id.endswith(EXAMPLES_SUFFIX) else ():
                if check.name == examples:
                    return name, check
        return None

    def _check(self, asked: HiddenCheck) -> Check:
        report = self.reports[asked.exercise]
        for check in report.checks:
            if check.name == asked.check:
                return check
        if report.not_run:  # nothing of it was
            return report.not_run[0]
        raise KitError(
            f"The notebook asks for `{asked.check}`, and the grader of {asked.exercise} has no "
            "such check (any more).\nExport the exercise and generate the assignment anew."
        )


def asked_checks(source: Notebook) -> dict[str, HiddenCheck]:
    """The checks that the cells of a notebook ask for, by grade_id, from the gradebook.

    Not from the notebook that was handed in: its author may have changed it.
    """
    found = {cell.name: HiddenCheck.find(cell.source or "") for cell in source.source_cells}
    return {name: asked for name, asked in found.items() if asked}


def filled(nb: Any, graded: Graded, level: Level) -> Any:
    """The notebook with what came of each check as the output of its cell."""
    shown = {
        (name, check.name): explained(check, told[check.name])
        for name, report in graded.reports.items()
        for seen in [at_level(report, level)]
        for told in [details(seen)]
        for check in seen.checks
    }
    for cell in nb.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if found := graded.find(grade_id):
            exercise, check = found
            cell.outputs = _outputs(check, shown.get((exercise, check.name)))
    return nb


def _outputs(check: Check, shown: str | None) -> list[Any]:
    from nbformat import v4

    if check.outcome == "not_run":
        return [v4.new_output("error", ename="NotRun", evalue=NOT_RUN, traceback=[NOT_RUN])]
    points = {"text/plain": repr(check.score)}
    text = f"{shown}\n" if shown else ""
    said = [v4.new_output("stream", name="stdout", text=text)] if text else []
    return [*said, v4.new_output("execute_result", data=points, execution_count=None)]
