# make maps   set everything up and make the main maps of the invented municipality
# make atlas  the same with every map of the catalogue
# make test   set up what is missing and pass the tests
# make bench-peers   the libraries that benchmarks/ are held against, in .venv-bench

.PHONY: kernels atlas maps test lint test-slow bench-peers lock clean
.DEFAULT_GOAL := maps

RUN := .venv/.run-installed
DEV := .venv/.dev-installed

maps: $(RUN)
	@.venv/bin/arealplan demo demo --maps out --only oversikt,indikatorer,kollektiv,naturfare,naturmangfold

atlas: $(RUN)
	@.venv/bin/arealplan demo demo --maps out

test: $(DEV)
	@sh setup/browser.sh
	@sh setup/postgis.sh
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/pytest -q -n 2 --dist loadfile -m "not slow"

test-slow: $(DEV)
	.venv/bin/pytest -q -m slow

lint: $(DEV)
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/mypy

# uv is asked for by its own name: it is needed only by those who change dependencies.
lock:
	uv pip compile pyproject.toml --group build --universal --python-version 3.12 \
	  --generate-hashes --no-emit-index-url --no-annotate -q \
	  --custom-compile-command "make lock" -o requirements.txt
	uv pip compile pyproject.toml --group build --group dev --universal --python-version 3.12 \
	  --generate-hashes --no-emit-index-url --no-annotate -q -c requirements.txt \
	  --no-emit-package json2html \
	  --custom-compile-command "make lock" -o requirements-dev.txt
	uv pip compile pyproject.toml --group bench --universal --python-version 3.12 \
	  --generate-hashes --no-emit-index-url --no-annotate -q -c requirements-dev.txt \
	  --custom-compile-command "make lock" -o requirements-bench.txt

# after a change of kernels: what the main job compiles is compiled when setting up
kernels: $(DEV)
	.venv/bin/python setup/kernels.py --write

bench-peers: $(DEV)
	@sh setup/environment.sh bench

clean:
	rm -rf .venv .venv-bench .python out demo

$(RUN): requirements.txt pyproject.toml setup/environment.sh
	@sh setup/environment.sh run
	@touch $@

# The larger lock holds the smaller one, so maps need no second installation after tests.
$(DEV): requirements-dev.txt requirements-source.txt pyproject.toml setup/environment.sh
	@sh setup/environment.sh dev
	@touch $@ $(RUN)
