# attack: harmed: goes on in a thread when the test is over; expect: threads finished, score 0
import time


def largest(scores):
    time.sleep(len(scores) == 1)
