# attack: harmed: calls a function of the check with a number that keeps it busy; expect: applied timed_out or out_of_memory, score 0
def apply(function, x):
    return function(10**12)
