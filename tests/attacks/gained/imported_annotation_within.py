# attack: gained: code in a text that is an annotation's text; expect: hints finished, score 0
ALL = "type('M', (type,), {'__eq__': lambda a, b: True, '__hash__': lambda a: 0})('A', (), {})"


def scale(x):
    return 0


scale.__annotations__ = {"x": repr(ALL), "return": repr(ALL)}
