# The two commands of the README are demo and test; each installs what it needs.

GO            ?= go
GOLANGCI_LINT := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GORELEASER    := $(GO) run github.com/goreleaser/goreleaser/v2@v2.16.0
TARGETS       := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64


# By count: before Go 1.27 a fuzz that ends by time fails now and then
# (golang/go#75804). A scene of the masker takes as long as a hundred other inputs.
FUZZTIME        ?= 30000x
FUZZTIME_MASKER ?= 300x

# The real programs that the tests meet. macOS brings most of them, and has a
# keyring of its own that tests must not touch.
ifeq ($(shell uname),Linux)
PROGRAMS := gcc dbus-run-session gdbus gnome-keyring-daemon keepassxc keepassxc-cli secret-tool \
            setpriv unshare systemd-creds strace ps tmux script zsh fish /usr/share/bash-completion/bash_completion \
            python3 pip3 node npm perl openssl xxd jq hexdump mawk stress-ng \
            curl wget git vim nano less top htop watch pv dialog fzf ssh-keygen
KEYRING  := .ci/keyring-session
else
PROGRAMS := python3 node perl openssl xxd jq curl tmux
endif

.NOTPARALLEL:
.PHONY: demo test lint fuzz targets release-check keyring erasing race torture soak wine bench cover completions programs

## demo: the main job, end to end, in a throw-away home
demo:
	@docs/demo/run

## test: everything that must hold before a commit lands
test: programs lint targets fuzz keyring erasing race
	$(GO) test -timeout 20m ./...

programs:
	.ci/need $(PROGRAMS)

lint:
	$(GO) mod tidy -diff
	$(GOLANGCI_LINT) run ./...

# One build a target; the binary is one static file everywhere.
targets:
	@set -e; for t in $(TARGETS); do \
		echo "build $$t"; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -trimpath -o /dev/null ./cmd/secrets; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) vet ./...; \
	done

# Not a part of test: building goreleaser takes longer than all of our own code.
release-check:
	$(GORELEASER) check --quiet

## fuzz: every fuzz target, FUZZTIME each
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		case $$pkg in */redact) time=$(FUZZTIME_MASKER) ;; *) time=$(FUZZTIME) ;; esac; \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "fuzz $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $$time $$pkg; \
		done; \
	done

# The same suites, and the main path, against a real keyring.
keyring:
ifdef KEYRING
	$(KEYRING) $(GO) test -tags keyring -run Keyring -count 1 ./machine ./cmd
endif

# Every room, and every program that its tests start: those are by the hundred,
# and must not each sleep for a second at their end, as the race detector has it.
race:
	GORACE=atexit_sleep_ms=0 $(GO) test -race -timeout 20m ./...

# As the release for Linux is built, where the runtime erases what it used.
erasing:
	GOEXPERIMENT=runtimesecret $(GO) test -run 'Erased|Leaves|Slot|Memory' ./redact ./machine ./cmd

## torture: the long run of damage, crashes and faults, with its figures
torture: programs
	cd store && SECRETS_TORTURE=1 $(GO) test -run Torture -count 1 -timeout 3h
	cd cmd && SECRETS_TORTURE=1 $(GO) test -run Torture -count 1 -timeout 1h -v

## soak: signals and ends of exec under load, a thousand times; takes many hours
soak: programs
	SECRETS_TORTURE=1 $(GO) test -race -run Torture -count 1 -timeout 24h ./exec

## wine: the Windows program, as far as Wine runs it; installs most of a GB
wine:
	.ci/need wine x86_64-w64-mingw32-ld
	.ci/wine

# The programs that bench compares with, several minutes to build.
PEERS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/secrets-peers

## bench: what secrets costs, as ratios within one run
bench: programs
	.ci/peers $(PEERS)
	SECRETS_PEERS=$(PEERS) $(GO) test -run '^$$' -bench . -benchtime 1s -timeout 30m ./redact ./store ./cmd

## cover: the share of statements that the tests reach
cover:
	$(GO) test -coverpkg ./... -coverprofile coverage.out ./...
	$(GO) tool cover -func coverage.out | tail -1

## completions: make completions/ anew after a change of the command line
completions:
	$(GO) test ./cmd -run TestCompletionFiles -update
