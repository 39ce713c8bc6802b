# Every target sets itself up; see scripts/setup.
.PHONY: demo test rig bench lint docs clean

demo:  ; @scripts/setup run && exec .venv/bin/callbox demo
test:  ; @scripts/setup test && exec scripts/check
rig:   ; @scripts/setup rig && exec tests/rig/run $(TIER)

bench: ; @scripts/setup bench && exec .venv/bin/python -m tests.bench $(ONLY)
lint:  ; @scripts/setup test && exec scripts/check lint
docs:  ; @scripts/setup test && exec .venv/bin/python -m tests.house.documents
clean: ; rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
