"""What runs beside a submission. Nothing in here is trusted once its first line has run."""
