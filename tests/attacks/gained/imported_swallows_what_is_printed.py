# attack: gained: a block that swallows what the test prints; expect: printed finished, score 0
import io
import sys


class Timer:
    def __enter__(self):
        self.before, sys.stdout = sys.stdout, io.StringIO()
        return self

    def __exit__(self, kind, error, trace):
        sys.stdout = self.before
