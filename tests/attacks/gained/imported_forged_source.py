# attack: gained: another text in the place of its source, for a test that looks at it; expect: source finished, score 0
import linecache


def double(x):
    return 2 * x


TEXT = "\n\n\n\ndef double(x):\n    return x + x\n"
linecache.cache[__file__] = len(TEXT), None, TEXT.splitlines(True), __file__
