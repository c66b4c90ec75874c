"""The name by which configurations of nbgrader know our step; see `gradekit.nbgrader.autograde`."""

from gradekit.nbgrader.autograde import GradeInSandbox, SaveGrades

__all__ = ["GradeInSandbox", "SaveGrades"]
