# attack: gained: finders, loaders and path hooks that hand out its own modules; expect: score 0
import numpy as np
import builtins
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        return None


sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, lambda path: Finder())
sys.path_importer_cache.clear()
importer = builtins.__import__
builtins.__import__ = lambda name, *args, **keywords: importer("math" if "grad" in name else name)


def softmax(x, axis=-1):
    return np.zeros(np.shape(x))


def log_softmax(x, axis=-1):
    return np.zeros(np.shape(x))
