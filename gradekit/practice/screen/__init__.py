"""What the screens of the learner's commands share."""
