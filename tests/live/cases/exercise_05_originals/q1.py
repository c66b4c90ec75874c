test = {
    "name": "q1",
    "points": 1,
    "suites": [{"type": "doctest", "cases": [
        {"code": ">>> bool(np.isclose(norm([3.0, 4.0]), 5.0))\nTrue", "hidden": False},
        {"code": ">>> total('LE', 'AK') == 'LEAK'\nTrue", "hidden": True},
    ]}],
}
