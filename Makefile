# `make demo` and `make test` set everything up by themselves; git, make and Python 3.11+ are all they need.

PYTHON ?= python3
BIN := .venv/bin
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)

# uv does not read pip's settings; a folder of wheels that pip was told of serves both.
UV_FIND_LINKS ?= $(or $(PIP_FIND_LINKS),$(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null))
export UV_FIND_LINKS
export UV_LINK_MODE ?= copy
export TOKENIZERS_PARALLELISM ?= true

.PHONY: help setup demo test check bench-setup bench lock wheel clean

help:
	@echo "make demo    the whole pipeline on a simulated corpus, served on loopback"
	@echo "make test    the tests"
	@echo "make check   ruff, types, import contract"
	@echo "make bench   the benchmarks, in an environment of their own (docs/benchmarks.md)"
	@echo "make setup   .venv with littriage in it"

setup: .venv/ready

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet "uv>=0.5"

# The CPU build of torch where this machine's package settings offer one, else the public build (scripts/lock.py).
.venv/ready: requirements.lock requirements-torch.lock requirements-torch-cpu.lock pyproject.toml | $(UV)
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-torch-cpu.lock 2>/dev/null \
	  || $(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-torch.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes --compile-bytecode -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: setup
	$(BIN)/littriage demo

test: setup
	$(BIN)/python -m pytest -m "not shared" -n auto --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The benchmarks compare with libraries that littriage does without: they have an environment of their own.
BENCH := .venv-bench/bin/python
BENCH_PACKAGES := requirements.lock requirements-bench.lock
bench-setup: .venv-bench/ready

.venv-bench/ready: requirements-bench.lock .venv/ready
	test -x $(BENCH) || $(UV) venv --quiet --python $(BIN)/python .venv-bench
	$(UV) pip install --quiet --python $(BENCH) --no-deps --require-hashes -r requirements-torch-cpu.lock 2>/dev/null \
	  || $(UV) pip install --quiet --python $(BENCH) --no-deps --require-hashes -r requirements-torch.lock
	$(UV) pip install --quiet --python $(BENCH) --no-deps --require-hashes --compile-bytecode $(BENCH_PACKAGES:%=-r %)
	$(UV) pip install --quiet --python $(BENCH) --no-deps --editable .
	@touch $@

# Those of speed and size, on simulated papers; an hour and a half on two cores. docs/benchmarks.md has each by itself.
bench: bench-setup
	$(BENCH) benchmarks/embedding_cpu.py
	$(BENCH) benchmarks/embedding_models.py
	$(BENCH) benchmarks/vectors.py
	$(BENCH) benchmarks/neighbours.py
	$(BENCH) benchmarks/clustering.py
	$(BENCH) benchmarks/against_bertopic.py
	$(BENCH) benchmarks/trend_queries.py
	$(BENCH) benchmarks/week.py
	$(BENCH) benchmarks/million.py
	$(BENCH) benchmarks/runners.py
	test -f demo-data/published.duckdb || $(BIN)/littriage demo
	$(BENCH) benchmarks/cold_start.py --warehouse demo-data
	$(BENCH) benchmarks/quiet_week.py
	$(BENCH) benchmarks/oai_parse.py
	$(BENCH) benchmarks/snapshot_import.py
	$(BENCH) benchmarks/killed_runs.py
	$(BENCH) benchmarks/killed_harvests.py

lock: setup
	$(BIN)/python scripts/lock.py $(TORCH_CPU_WHEEL)

wheel: setup
	$(UV) build --wheel --out-dir dist .

clean:
	rm -rf .venv .venv-bench .uv dist demo-data
