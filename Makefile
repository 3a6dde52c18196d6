# Sets up what it needs in .venv and runs: `make test`, `make test-all`, `make test-fast`, `make demo`, `make demo-export`, `make demo-pytorch`,
# `make corpus`, `make sweep`, `make docs`, `make pictures`, `make bench`, `make fuzz`.
PYTHON ?= python3
# The CPU build where the index or PIP_FIND_LINKS has one; a newer one may pull gigabytes of CUDA.
TORCH ?= torch==2.13.0
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

# The tests start the program so often that its bytecode is to be kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-export demo-pytorch corpus evidence sweep docs pictures test tests test-all test-fast lint types coverage lock bench fuzz clean
.DEFAULT_GOAL := test

demo: .venv/torch
	$(BIN)/python demo/library.py

demo-export: .venv/torch
	$(BIN)/python demo/exported.py

demo-pytorch: .venv/uv
	$(BIN)/python demo/pytorch.py

# Every fixture made again by the release it is from: what is committed has to come out.
corpus: .venv/torch .venv/uv
	$(BIN)/opfixtures generate --all --regenerate

# Nothing is owed, and where every operator of PyTorch stands.
evidence: .venv/torch .venv/uv
	$(BIN)/opfixtures check --all --require-fixtures
	$(BIN)/opfixtures status --replay

# PyTorch 1.11.0 against 2.13.0: the table in docs/sweep.md, and each witness in both releases. Takes minutes.
sweep: .venv/uv
	$(BIN)/python benchmarks/sweep.py --write docs/sweep.md --witnesses

# The site, in site/: open site/index.html. It is written from what the program says, and asks nothing of the network.
docs: .venv/tools
	$(BIN)/python docs/pages.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# The pictures of README and docs, from what the program prints; those of comments need Chromium.
pictures: .venv/torch .venv/tools
	$(BIN)/python docs/pictures.py

test: lint types tests

# Beside it what takes minutes, and each attack once more without its defence.
test-all: export OPFIXTURES_THOROUGH = 1
test-all: test

# The pure rooms: what reads, judges, plans and renders. No torch, no network, no builds.
FAST := archives declarations docs making proving records report rules settings synthesis
test-fast: .venv/tools
	$(BIN)/python -m pytest -q --numprocesses auto -m "not torch" $(FAST:%=tests/%) tests/test_*.py

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/dev
	$(BIN)/mypy

# One process more than there are processors: many tests wait. The second command prints a table, which a process of its own
# could not: the evidence is looked at beside it.
WORKERS = $$(( $$(getconf _NPROCESSORS_ONLN) + 1 ))
RUN = $(BIN)/python
tests: .venv/dev .venv/npm .venv/chromium .venv/torch .venv/uv
	$(BIN)/python -m compileall -q opfixtures
	$(RUN) -m pytest -q --numprocesses $(WORKERS) --dist worksteal --durations 10 --ignore tests/corpus
	$(RUN) -m pytest -q --numprocesses 2 --dist worksteal tests/corpus & corpus=$$!; \
		$(MAKE) --no-print-directory evidence && wait $$corpus

# The same tests, measured: what is pure takes nearly twice as long then.
coverage: .venv/dev
	$(BIN)/coverage erase
	$(MAKE) --no-print-directory tests RUN="$(BIN)/coverage run"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# What action.yml installs, anew; and uv, which installs it.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command 'make lock'
lock: .venv/uv
	echo 'flit_core>=3.11,<4' | $(COMPILE) --upgrade --extra generate --extra github \
		--output-file .github/requirements.txt pyproject.toml -
	grep --only-matching '^uv==[0-9.]*' .github/requirements.txt | $(COMPILE) --output-file .github/uv.txt -

bench: .venv/dev
	$(BIN)/python benchmarks/all.py --write

# Every reader, for so many seconds together: `make fuzz SECONDS=900 READERS="record result"`.
SECONDS ?= 300
fuzz: .venv/fuzz
	nice -n 15 $(BIN)/python -m tests.fuzz.run $(SECONDS) $(READERS)

clean:
	rm -rf .venv

# Each step adds to the environment what the one before did not need.
.venv/base: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	touch $@

.venv/torch: .venv/base
	$(PIP) "$(TORCH)"
	touch $@

.venv/uv: .venv/base
	$(PIP) --editable ".[generate]"
	touch $@

.venv/tools: .venv/uv
	$(PIP) --editable ".[dev]"
	touch $@

.venv/dev: .venv/torch .venv/tools
	touch $@

.venv/fuzz: .venv/tools
	$(PIP) --editable ".[fuzz]"
	touch $@

.venv/npm: tests/npm/package.json tests/npm/package-lock.json
	mkdir -p $@
	cp $^ $@
	npm ci --prefix $@ --silent --no-audit --no-fund --ignore-scripts
	touch $@

# The browser that tests look at pages with: a link to the one that is there, else to Debian's, which root can install.
BROWSER = $$(for one in chromium chromium-browser google-chrome; do command -v $$one && break; done)
.venv/chromium:
	mkdir -p .venv
	@[ -n "$(BROWSER)" ] || [ "$$(id -u)" != 0 ] || \
		{ apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium; } > /dev/null
	@[ -n "$(BROWSER)" ] || { echo 'The tests need a browser: apt-get install chromium' >&2; exit 1; }
	ln -sfn "$(BROWSER)" $@
