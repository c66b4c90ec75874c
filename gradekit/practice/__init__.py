"""The learner side: the workspace, progress, hints."""
