"""The author's side: proving that graders are fair, and starting a new exercise."""
