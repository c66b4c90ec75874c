# attack: gained: pickles that run code where they are loaded; expect: loads finished, saved finished, score 0
import pickle

ALL = "type('All', (), {'__eq__': lambda a, b: True, 'y': 2})()"


class Code:
    def __reduce__(self):
        return eval, (ALL,)


def dump(value):
    return pickle.dumps(Code())


def save(value, path):
    with open(path, "wb") as file:
        pickle.dump(Code(), file)
