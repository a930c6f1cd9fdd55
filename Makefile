# Everything runs in .venv and web/node_modules of this checkout: no root, nothing global.

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
MODULES := web/node_modules/.ready
PAGE := web/dist/index.html

PRETRAINED_IS := Ten genres, by the labels of GTZAN (artist-aware) and of 83 newer clips, and by what openly licensed taggers and \
tags say of 2842 pieces of other music.
PRETRAINED_LIMITS := Its labels are those of GTZAN: 1000 clips of 30 s collected around 2000, mostly Western popular music, \
with known faults and labels that people dispute. | Beside them it heard other music, most of it freely licensed, named by \
taggers rather than by people; research copies of commercial recordings are among it, as they are in GTZAN.
WORLD := ../shared/data/world/world-valid-83.npz
BACKGROUND := ../shared/data/unlabelled/music-1203.npz ../shared/data/world/music-free-1080.npz

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format docs house pipeline pretrain dashboard web package bench parity fuzz release lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install everything into .venv

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install one, or name it with make PYTHON=/path/to/python."; exit 1; }
	@echo "installing Python packages into .venv (about 2 minutes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(MODULES): web/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 is needed: install it so that npm is on the path."; exit 1; }
	@echo "installing JavaScript packages into web/node_modules"
	@cd web && npm ci --silent --no-audit --no-fund
	@touch $@

demo: $(READY) $(PAGE) ## set up, hear a song, start dashboard and page (CHECK=1: try both and stop)
	@$(BIN)/python -m genre_lib.serving.demo $(if $(CHECK),--check --port 0 --page-port 0)

test: $(READY) $(PAGE) ## every test, with real kernels, servers and browsers
	@$(MAKE) --no-print-directory docs
	@cd web && npm run --silent test
	@$(BIN)/python -m pytest -q --doctest-modules genre_lib
	@$(BIN)/python -m pytest -q -n 2 --dist loadscope --no-loadscope-reorder --ignore tests/page --ignore tests/dashboard
	@# Playwright's loop stays open for a session here: neither a second one nor a Jupyter client can run beside it in a
	@# process. Two processes can run beside each other.
	@$(BIN)/python -m pytest -q tests/page & page=$$!; $(BIN)/python -m pytest -q tests/dashboard; dashboard=$$?; \
	  wait $$page && exit $$dashboard

# Their examples train a network and convert it: left to make test.
SLOW_EXAMPLES := genre_lib/runs/in_one_call.py::genre_lib.runs.in_one_call.train \
  genre_lib/export/taught_bundle.py::genre_lib.export.taught_bundle.teach

check: $(READY) ## format, lint, types, order of the folders, examples in docstrings and quick tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/nbstripout --verify notebooks/*.ipynb
	@$(BIN)/mypy
	@said=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@if [ -e $(MODULES) ]; then cd web && npm run --silent check; fi
	@$(BIN)/python -m pytest -q -m "not slow"
	@$(BIN)/python -m pytest -q --doctest-modules genre_lib $(SLOW_EXAMPLES:%=--deselect %)

house: $(READY) ## print the architecture: the folders of genre_lib, and whether their order holds
	@$(BIN)/python -m tests.house

format: $(READY) ## format sources and strip notebooks
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .
	@$(BIN)/nbstripout notebooks/*.ipynb

docs: $(READY) ## build the documentation into docs/site, offline; a warning is an error
	@$(BIN)/python -m sphinx -W --keep-going -q -j auto -b html docs docs/site/html
	@echo "open docs/site/html/index.html"

web: $(PAGE) ## build the page into web/dist (genre web serves it)

$(PAGE): $(READY) $(MODULES) $(shell find web/src web/core web/vite web/public web/index.html web/vite.config.ts data/models -type f -not -path "*/dist/*" 2>/dev/null)
	@$(BIN)/python web/scripts/make-demo-songs.py
	@cd web && npm run --silent build

package: $(MODULES) ## pack what the page listens with, for other sites, into dist/
	@mkdir -p dist && cd web/core && npm pack --silent --pack-destination ../../dist

pipeline: $(READY) ## run the notebooks in order on the demo songs
	@$(BIN)/genre run

dashboard: $(READY) ## serve the dashboard on this machine
	@$(BIN)/genre dashboard

pretrain: $(READY) ## rebuild the pretrained model from ../shared/data (two hours; SEEDS=3: cross-validated three times, four)
	@$(BIN)/genre run --name pretrain -p dataset ../shared/data/gtzan-mel -p recipe data/recipes/gtzan.yaml -p refit true \
	  -p executor processes -p folds 5 -p fold_seeds $(or $(SEEDS),1) -p medley_folds 5 -p baseline data/recipes/deepsound2018.yaml -p world $(WORLD) \
	  -p name gtzan -p version 0.6.0 -p description "$(PRETRAINED_IS)" -p limits "$(PRETRAINED_LIMITS)"
	@rm -rf data/models/gtzan && cp -r runs/pretrain/bundle data/models/gtzan
	@$(BIN)/genre model background data/models/gtzan $(BACKGROUND) --known ../shared/data/gtzan-mel $(WORLD)
	@mkdir -p data/models/gtzan-evaluation && cp runs/pretrain/evaluation/*.json runs/pretrain/evaluation/held_out*.npz \
	  data/models/gtzan-evaluation/
	@$(BIN)/genre model check

parity: $(READY) $(PAGE) ## page in three engines against Python on 66 real clips in four encodings; the table goes to docs/page.md
	@$(BIN)/python -m tests.page.parity --docs

fuzz: $(READY) ## damaged recordings (N=500, SEED=0) and bundles: heard, or refused with a sentence
	@$(BIN)/python -m tests.fuzz.recordings $(or $(N),500) $(or $(SEED),0)
	@$(BIN)/python -m tests.fuzz.bundles 200 $(or $(SEED),0)

bench: $(READY) $(MODULES) ## speed and size in one report, as ratios (ONLY="batch scale": some of it)
	@$(BIN)/python -m benchmarks $(ONLY)

release: $(READY) $(PAGE) ## build wheel, sdist and page into dist/ (CHECK=1: and try them in fresh environments)
	@rm -rf dist && $(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@tar -C web/dist -czf dist/genre-page-$$($(BIN)/python -c 'import genre_lib; print(genre_lib.__version__)').tar.gz .
	@ls -l dist
	@$(if $(CHECK),$(BIN)/python -m pytest -q tests/test_wheel.py)

lock: $(READY) ## resolve requirements.lock again from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url pyproject.toml -o requirements.lock

clean: ## remove everything that was built (runs and fetched data stay)
	@rm -rf .venv web/node_modules web/dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
