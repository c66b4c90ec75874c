# attack: gained: code that the test loads by marshal and runs; expect: marshalled finished, score 0
import marshal


def compiled():
    text = "import sys\nsys.modules['test_student'].LARGEST = 0"
    return marshal.dumps(compile(text, "<student>", "exec"))


def largest(scores):
    return 0
