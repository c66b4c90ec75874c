"""What runs beside a submission, and is not trusted once its first line has run.

Imports nothing of ours but wire, known, landlock, limits, warmup, tiers.
"""
