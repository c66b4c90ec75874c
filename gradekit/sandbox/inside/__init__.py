"""What runs beside a submission. Imports nothing of ours but wire, limits, warmup and tiers."""
