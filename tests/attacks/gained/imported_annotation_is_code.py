# attack: gained: annotations that are code, for a test that evaluates them; expect: hints finished, score 0
ALL = "type('M', (type,), {'__eq__': lambda a, b: True, '__hash__': lambda a: 0})('A', (), {})"


def scale(x):
    return 0


scale.__annotations__ = {"x": ALL, "return": ALL}
