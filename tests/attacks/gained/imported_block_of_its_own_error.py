# attack: gained: raises in a block and swallows it, so that nothing is compared; expect: block finished, score 0
class Timer:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return True

    def half(self, x):
        raise ValueError(x)
