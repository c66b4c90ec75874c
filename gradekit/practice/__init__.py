"""The learner's side: the practice folder, what was done there, what is due again, the screens."""
