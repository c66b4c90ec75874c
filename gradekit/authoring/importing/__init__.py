"""Courses that exist: their tests become the checks of a course of ours, unchanged."""
