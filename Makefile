# Two commands: `make demo` grades an answer and a class, `make test` proves the kit. Both make .venv.
# `make check` is the quick round while you work.
PYTHON ?= python3
BIN = .venv/bin

# What neither starts a worker nor a terminal: the quick round of `make check`.
FAST = tests/test_render.py tests/test_feedback.py tests/test_compare.py tests/test_wire.py tests/test_house.py \
  tests/test_discovery.py tests/test_export_formats.py tests/test_mutants.py tests/test_workspace.py \
  tests/test_practice_schedule.py tests/test_docs.py

# The tests in three parts that take about as long: up to H, where the attacks are; from I to Q; all others.
FIRST = $(wildcard tests/test_[a-h]*.py)
SECOND = $(wildcard tests/test_[i-q]*.py)

# Checks that pages are usable by everybody. Its test is skipped where npm does not bring it.
AXE = .venv/node_modules/axe-core/axe.min.js

.PHONY: demo test proofs first-tests second-tests last-tests check coverage lint types clean

demo: .venv/installed
	$(BIN)/kit check exercise_05 examples/answers/softmax_wrong.py || test $$? -eq 1
	$(BIN)/kit grade examples/class --out demo-results
	@echo "Open demo-results/report.html in a browser."

test: .venv/installed lint types $(AXE)
	@$(MAKE) --no-print-directory --jobs 4 proofs first-tests second-tests last-tests

# Side by side, and about as long. On two cores there is more to do than cores: answers that sleep and calls that wait
# for another process would else leave a core idle. Only one of them says at once what it has to say.
proofs:
	@$(call in_one_piece,$(BIN)/kit verify --no-mutants --seeds 5 --jobs 2)

first-tests:
	@$(call in_one_piece,$(BIN)/python -m pytest $(FIRST))

second-tests:
	@$(call in_one_piece,$(BIN)/python -m pytest $(SECOND))

last-tests:
	$(BIN)/python -m pytest $(addprefix --ignore=,$(FIRST) $(SECOND))

define in_one_piece
said=$$(mktemp); $(1) >$$said 2>&1; code=$$?; echo "$(1)"; cat $$said; rm $$said; exit $$code
endef

check: .venv/installed lint types
	$(BIN)/python -m pytest -q $(FAST)

# Of the engine, by all tests. What runs beside a submission is forked and locked down: not measured.
coverage: .venv/installed
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet gradekit scripts benchmarks cli.py
	$(BIN)/lint-imports --no-logo

types: .venv/installed
	$(BIN)/mypy

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache

$(AXE): .venv/installed
	npm install --prefix .venv --no-save --no-audit --no-fund --silent axe-core@4.14.1 || echo "no axe-core: its test is skipped"

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'kit needs Python 3.11 or newer')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
