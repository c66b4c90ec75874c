# attack: gained: an object of a class derived from one by any name; expect: equal malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Live(1, nodes.Kind(2, "Any", ["subprocess.Popen"], []), "") if isinstance(value, Forged) else node(self, value, last)
)


def five():
    return Forged()
