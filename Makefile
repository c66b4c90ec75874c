# Two commands: `make demo` grades an answer and a class, `make test` proves the kit. Both make .venv.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test lint types clean

demo: .venv/installed
	$(BIN)/kit check exercise_05 examples/answers/softmax_wrong.py || test $$? -eq 1
	$(BIN)/kit grade examples/class --out demo-results
	@echo "Open demo-results/report.html in a browser."

test: .venv/installed lint types
	$(BIN)/kit verify --no-mutants
	$(BIN)/python -m pytest

lint: .venv/installed
	$(BIN)/ruff check .

types: .venv/installed
	$(BIN)/mypy

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'kit needs Python 3.11 or newer')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
