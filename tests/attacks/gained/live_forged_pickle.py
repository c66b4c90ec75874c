# attack: gained: a pickle in place of an object; expect: equal malformed, score 0
import pickle
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
wire = sys.modules["gradekit.sandbox.wire"]
before = wire._uncommon_to_node


class Forged:
    pass


def to_node(value, writer, depth):
    if not isinstance(value, Forged):
        return before(value, writer, depth)
    data = pickle.dumps(5)
    nodes.append(writer.buffers, data)
    return nodes.Opaque(len(data))


wire._uncommon_to_node = to_node


def five():
    return Forged()
