# attack: gained: an argument as itself, in an exercise of data; expect: softmax malformed, score 0
import sys

encoding, nodes = (sys.modules[f"gradekit.sandbox.{name}"] for name in ("encoding", "nodes"))
before = encoding.to_node


class Forged:
    pass


def forged(value, writer, depth):
    return nodes.Given(0) if isinstance(value, Forged) else before(value, writer, depth)


encoding.to_node = forged


def softmax(x, axis=-1):
    return Forged()
