# The same few words on every machine. Each target first installs what it needs and is missing.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# The pinned Node before the machine's own; the sbin folders hold ip, bridge and nft, and are not on every root's PATH.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH):/usr/local/sbin:/usr/sbin:/sbin

.PHONY: help setup lab lab-down check test stores bench soak generate clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## install the npm packages, the pinned Node among them (no root needed)
	@tools/bootstrap.sh setup

lab: ## start three hosts on this machine, join them, prove that they talk (root)
	@tools/bootstrap.sh lab
	@bin/weft lab up --hosts 3 --demo

lab-down: ## remove that lab
	@tools/bootstrap.sh setup
	@bin/weft lab down

check: setup ## types, lint, format, import fence, dead code, generated code, unit tests (no root)
	@node tools/check.ts

test: ## all of check, then the tests on the real kernel, on real stores, and end to end (root)
	@tools/bootstrap.sh test
	@node tools/test.ts

stores: ## every fault on every store, as a table; LONG=1: more of each (root)
	@tools/bootstrap.sh test
	@WEFT_LONG=$(LONG) node tools/stores.ts --page

bench: ## measure and print figures (root)
	@tools/bootstrap.sh test
	@node --disable-warning=ExperimentalWarning e2e/bench/main.ts

soak: ## lose stores, agents and nodes, keep a lab busy for long, look for what grows; all faults of the stores in their long form (root)
	@tools/bootstrap.sh test
	@node --disable-warning=ExperimentalWarning e2e/soak/main.ts
	@WEFT_LONG=1 node tools/stores.ts
	@node --disable-warning=ExperimentalWarning agent/testing/simulation/main.ts --runs 10000
	@node --disable-warning=ExperimentalWarning agent/testing/simulation/main.ts --runs 2000 --disasters
	@node --disable-warning=ExperimentalWarning agent/testing/simulation/main.ts --mutants

generate: setup ## write the generated code and pages again
	@npm run --silent generate

clean: ## remove caches and build results; node_modules stays
	rm -rf .cache dist coverage e2e/bench/out
