# What can be done here; "make" alone lists it. Nothing is needed but Go and a
# Debian-like system: the servers for the tests come and go by scripts/testdb.sh.

GO        ?= go
PKG       ?= ./...
BENCH     ?= .
FUZZTIME  ?= 10s
PREFIX    ?=
ENGINES   ?= postgres postgres18 mariadb mysql
TESTFLAGS ?=

GOLANGCI_VERSION := v2.15.0
LINTER := .cache/bin/golangci-lint-$(GOLANGCI_VERSION)

# One set of build flags everywhere: a second one would compile SQLite again,
# which takes more than a minute. The race detector's is the one exception.
export CGO_ENABLED = 0
LDFLAGS := -ldflags '-s -w'

# What reads HCL is a program of its own, which migr carries: linked with Atlas,
# each start of migr would take 2.7 ms more.
PACKED := internal/hclprogram/bin/migr-hcl.gz

.DEFAULT_GOAL := help
.PHONY: help build test test-fast torture pairs recipes lint fmt update bench fuzz generate demo install clean cc

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/migr, one static binary
	$(GO) build $(LDFLAGS) -o .cache/migr-hcl ./cmd/migr-hcl
	gzip -9nc .cache/migr-hcl >$(PACKED).new && mv $(PACKED).new $(PACKED)
	$(GO) build $(LDFLAGS) -o bin/migr ./cmd/migr

test: cc ## all tests with the race detector, on every engine (PKG=./internal/diff/... ENGINES=mysql TESTFLAGS='-run X')
	pythons=$$(scripts/pythons.sh) && export MIGR_TEST_PYTHONS="$$pythons" && \
	GO=$(GO) scripts/testdb.sh run $(ENGINES) -- scripts/test.sh $(PKG) $(TESTFLAGS)

test-fast: ## the tests that need no server
	$(GO) test $(TESTFLAGS) $(PKG)

torture: ## kill migr, its sessions, its network and its servers at every command; writes the table of docs/reliability.md
	scripts/testdb.sh run $(ENGINES) -- env MIGR_TEST_TORTURE=1 $(GO) test ./cmd/migr -run 'TestTorture$$|TestReliabilityTable|TestSwarm' -count=1 -timeout 3h -parallel 5 -v $(TESTFLAGS)

pairs: ## thousands of random pairs of schemas on each engine, led to one another and back (TESTFLAGS='-run TestPairs/sqlite')
	scripts/testdb.sh run $(ENGINES) -- env MIGR_TEST_TORTURE=1 $(GO) test ./internal/roundtrip -count=1 -timeout 12h -v $(TESTFLAGS)

lint: $(LINTER) ## go vet, staticcheck, the arrows between packages and the rest of .golangci.yml
	$(GO) mod tidy -diff
	$(LINTER) run --allow-parallel-runners

fmt: $(LINTER) ## format the code
	$(LINTER) fmt

recipes: ## the tools that docs/models.md names, from npm, Maven and Go's registry, as model sources (minutes)
	scripts/testdb.sh run postgres mysql -- env MIGR_TEST_RECIPES=1 $(GO) test ./cmd/migr -run TestRecipes

update: ## rewrite what testdata/script and testdata/autogen compare with (then read the diff)
	pythons=$$(scripts/pythons.sh) && export MIGR_TEST_PYTHONS="$$pythons" && \
	scripts/testdb.sh run $(ENGINES) -- $(GO) test ./cmd/migr -run 'TestScript|TestAutogen' -update

bench: ## the benchmarks, six times, for benchstat (BENCH=Split PKG=./internal/sqltext); docs/performance.md
	scripts/testdb.sh run postgres postgres18 -- $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count 6 $(PKG)

fuzz: ## each fuzz test for FUZZTIME (10s)
	@grep -rn --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' cmd internal | sort | while IFS=: read -r file _ func; do \
		echo "fuzz $${file%/*} $${func#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${func#func }$$" -fuzztime $(FUZZTIME) "./$${file%/*}" </dev/null || exit 1; \
	done

generate: ## generated files; with CI set, a change is a failure
	$(GO) generate ./...
	@[ -z "$$CI" ] || git diff --exit-code

demo: build ## a short tour on a SQLite file, in a temporary folder
	PATH="$(CURDIR)/bin:$$PATH" scripts/demo.sh

install: build ## into GOBIN, or PREFIX/bin
ifeq ($(PREFIX),)
	$(GO) install $(LDFLAGS) ./cmd/migr
else
	install -D -m 755 bin/migr "$(DESTDIR)$(PREFIX)/bin/migr"
endif

clean: ## remove what was built here
	rm -rf bin .cache $(PACKED)

# The race detector needs a C compiler.
cc:
	@command -v gcc >/dev/null || command -v clang >/dev/null || { \
		echo "make: installing gcc"; \
		set -- apt-get -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 install gcc libc6-dev; \
		export DEBIAN_FRONTEND=noninteractive; \
		"$$@" </dev/null || { apt-get -qq update && "$$@" </dev/null; }; }

# Built once; its version is in its name.
$(LINTER):
	@mkdir -p $(@D)
	GOFLAGS= GOBIN='$(abspath $(@D))/new' $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(@D)/new/golangci-lint $@ && rmdir $(@D)/new
