# attack: gained: names what a test's logging calls, and what it sets there; expect: configured finished, score 0
def logging_of(name):
    handler = {"()": "importlib.import_module", "name": "test_student", ".": {"LARGEST": 0}}
    return {"version": 1, "disable_existing_loggers": False, "handlers": {"out": handler}}


def largest(scores):
    return 0
