# attack: gained: a class by the name of one of the grader's; expect: equal malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Class("gradekit.grading.raised.SubmissionError") if isinstance(value, Forged) else node(self, value, last)
)


def five():
    return Forged()
