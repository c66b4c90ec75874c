# attack: gained: a pickle in place of an object; expect: equal malformed, score 0
import pickle
import sys

encoding, nodes = (sys.modules[f"gradekit.sandbox.{name}"] for name in ("encoding", "nodes"))
before = encoding._uncommon_to_node


class Forged:
    pass


def to_node(value, writer, depth):
    if not isinstance(value, Forged):
        return before(value, writer, depth)
    data = pickle.dumps(5)
    nodes.append(writer.buffers, data)
    return nodes.Opaque(len(data))


encoding._uncommon_to_node = to_node


def five():
    return Forged()
