# attack: learned: a block prints what the failed assertion in it says; expect: block finished, score 0
class Timer:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if "3.25" in str(error):
            print("LEAK")

    def half(self, x):
        return 3.25
