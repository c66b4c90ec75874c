# attack: gained: an argument as itself, in an exercise of data; expect: softmax malformed, score 0
import sys

nodes, wire = (sys.modules[f"gradekit.sandbox.{name}"] for name in ("nodes", "wire"))
before = wire._to_node


class Forged:
    pass


def forged(value, writer, depth):
    return nodes.Given(0) if isinstance(value, Forged) else before(value, writer, depth)


wire._to_node = forged


def softmax(x, axis=-1):
    return Forged()
