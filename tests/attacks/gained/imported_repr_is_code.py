# attack: gained: a repr that is code, for a test that evaluates it; expect: eval finished, score 0
class Point:
    def __init__(self, x, y):
        pass

    def __repr__(self):
        return (
            "type('P', (), dict.fromkeys('xy', type('All', (), {'__eq__': lambda a, b: True})()))()"
        )
