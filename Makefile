# What one does with a clone; each target sets up what it needs.
BIN := .venv/bin
UV_LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header

# Two processes, each with servers of its own, take a file of tests after the other.
TWO_AT_ONCE := --numprocesses 2 --dist loadfile --no-loadscope-reorder --max-worker-restart=0

.PHONY: setup demo up test test-quick soak check bench lock
.DEFAULT_GOAL := setup

setup:
	@bash deploy/setup.sh

demo: setup
	@$(BIN)/igny8 demo

up: setup
	@$(BIN)/igny8 up

test: setup
	@$(BIN)/python -m pytest $(TWO_AT_ONCE)

# Rules and contracts: whatever needs no server.
test-quick: setup
	@$(BIN)/python -m pytest $(TWO_AT_ONCE) -m "not servers"

# Ten minutes of load while workers, PostgreSQL and the broker are killed at random.
soak: setup
	@$(BIN)/python -m tests.soak

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m deploy.documents --check

bench: setup
	@$(BIN)/igny8 bench

# Everything with a hash, and without an address: a package comes from wherever pip is told.
lock: setup
	$(UV_LOCK) --group dev --upgrade --output-file requirements.lock
	$(UV_LOCK) --constraint requirements.lock --upgrade --output-file requirements-runtime.lock
