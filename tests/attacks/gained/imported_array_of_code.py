# attack: gained: a pickle in the place of an array, loaded by NumPy; expect: array finished, score 0
import pickle


class Saved:
    def __reduce__(self):
        return eval, ("type('All', (), {'tolist': lambda self: [1, 2]})()",)


def save_array(value, path):
    with open(path, "wb") as file:
        pickle.dump(Saved(), file)
