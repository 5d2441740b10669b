# Casare Mesh. `make run` and `make test` are all a newcomer needs; `make help` lists the rest.
GO      ?= go
BIN     := bin
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LINT    := $(BIN)/golangci-lint-$(shell sed -n 's/.*golangci-lint\/v2 \(v[0-9.]*\).*/\1/p' tools/go.mod)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The race detector needs a C compiler; without one the tests run without it, and say so.
HAVE_CC := $(shell command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 && echo yes)
RACE    := $(if $(HAVE_CC),-race)
RUN     ?=
PKG     ?= ./...

.DEFAULT_GOAL := help
.PHONY: run build test check race fmt lint tidy cross e2e fault bench need-go clean help

run: build ## build, start three robots, run a workflow, kill the leader (RUN="--once --http-port 9000" adds flags)
	@$(BIN)/casare dev --robots 3 --run examples/hello.json --kill-leader $(RUN)

build: need-go ## build bin/casare
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/casare ./cmd/casare

test: need-go fmt lint tidy cross ## every check and every test, with the short forms of the slow suites
	@$(if $(HAVE_CC),,echo "no C compiler: tests run without the race detector")
	$(GO) test $(RACE) -shuffle=on -timeout 20m ./...

check: need-go ## the tests alone (PKG=./raftstore/... for one part)
	$(GO) test $(RACE) -shuffle=on -timeout 20m $(PKG)

fmt: $(LINT) ## fail if the code is not formatted
	@$(LINT) fmt --diff || { echo "not formatted: $(LINT) fmt"; exit 1; }

lint: $(LINT) ## static checks, zero findings
	$(LINT) run ./...

tidy: need-go ## fail if go.mod or go.sum miss or hold something they should not
	@$(GO) mod tidy -diff

cross: need-go ## build for linux, windows and darwin without cgo
	@for os in linux windows darwin; do \
		echo "build $$os"; CGO_ENABLED=0 GOOS=$$os GOARCH=amd64 $(GO) build -o /dev/null ./cmd/casare || exit 1; done

e2e: need-go ## whole-binary tests: three processes, kills, joins
	$(GO) test -count=1 -timeout 30m -v ./test/e2e

fault: need-go ## the long fault suite: 100 leader kills, 30 robot kills, planned stops, snapshot installs
	$(GO) test -count=1 -timeout 20m -v -run 'Kill|Snapshot|Install' ./raftstore
	CASARE_FAULT=long $(GO) test -count=1 -timeout 80m -v ./test/fault

bench: need-go ## throughput and latency of three robots beside their floors, in one run
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m -v ./test/bench

$(LINT): tools/go.mod tools/go.sum | need-go
	@echo "building the linter once (about two minutes)"
	@$(GO) build -modfile=tools/go.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

need-go:
	@v=$$($(GO) version 2>/dev/null | sed -n 's/.*go1\.\([0-9]*\).*/\1/p'); \
	[ -n "$$v" ] && [ "$$v" -ge 26 ] || { echo "Casare Mesh needs Go 1.26, or Go 1.21 and later allowed to fetch it (GOTOOLCHAIN=auto)."; exit 1; }

clean: ## remove what was built
	rm -rf $(BIN)

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
