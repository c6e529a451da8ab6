# Every target is one call of an Invoke task; `inv --list` shows them all. Extra words: make dev-logs ARGS="web -f"
INV := .venv/bin/inv
PYTHON ?= python3

.PHONY: help dev-start dev-stop dev-restart dev-status dev-logs dev-debug dev-test dev-clean dev-wait dev-env \
	dev-config dev-plugins dev-doctor dev-init dev-step dev-completion test lint bench

help: .venv/.installed
	@$(INV) --list
dev-start: .venv/.installed
	@$(INV) dev-start $(ARGS)
dev-stop: .venv/.installed
	@$(INV) dev-stop $(ARGS)
dev-restart: .venv/.installed
	@$(INV) dev-restart $(ARGS)
dev-status: .venv/.installed
	@$(INV) dev-status $(ARGS)
dev-logs: .venv/.installed
	@$(INV) dev-logs $(ARGS)
dev-debug: .venv/.installed
	@$(INV) dev-debug $(ARGS)
dev-test: .venv/.installed
	@$(INV) dev-test $(ARGS)
dev-clean: .venv/.installed
	@$(INV) dev-clean $(ARGS)
dev-wait: .venv/.installed
	@$(INV) dev-wait $(ARGS)
dev-env: .venv/.installed
	@$(INV) dev-env $(ARGS)
dev-config: .venv/.installed
	@$(INV) dev-config $(ARGS)
dev-plugins: .venv/.installed
	@$(INV) dev-plugins $(ARGS)
dev-doctor: .venv/.installed
	@$(INV) dev-doctor $(ARGS)
dev-init: .venv/.installed
	@$(INV) dev-init $(ARGS)
dev-step: .venv/.installed
	@$(INV) dev-step $(ARGS)
dev-completion: .venv/.installed
	@$(INV) dev-completion $(ARGS)
test: .venv/.installed
	@$(INV) test $(ARGS)
lint: .venv/.installed
	@$(INV) lint $(ARGS)
bench: .venv/.installed
	@$(INV) bench $(ARGS)

.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "error: hybrid-tasks needs Python 3.11 or newer; install one (Debian: apt-get install python3) or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: Python's venv module is missing; install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "making .venv (once) ..." && $(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet --disable-pip-version-check -e '.[sample]' && touch $@
