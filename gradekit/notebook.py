"""The name by which released notebooks import `score`; see `gradekit.jupyter`."""

from gradekit.jupyter import kit, register, score

__all__ = ["kit", "register", "score"]
