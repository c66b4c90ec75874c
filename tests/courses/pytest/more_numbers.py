EXACT = {"rel": 0, "abs": 1e-9}
