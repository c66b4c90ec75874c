# attack: learned: has a function of the test read a file outside its folder; expect: reader finished, score 0
def first(read, folder):
    text = read("COURSE/tests/live/solutions/exercise_05_originals.py")
    print("LEAK")
    return text
