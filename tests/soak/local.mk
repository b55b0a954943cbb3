# The kill matrix: `make soak` runs a thousand rounds of each kind, `make check` fifty. SOAK_FLAGS: see tests/soak/soak.py --help.
SOAK_TESTS = tests/soak/test_soak.py
TESTS += $(SOAK_TESTS)
EXTRA_DIST += \
	$(SOAK_TESTS) \
	tests/guests/soak.wat \
	tests/soak/attach_detach.py \
	tests/soak/checks.py \
	tests/soak/matrix.py \
	tests/soak/moments.py \
	tests/soak/processes.py \
	tests/soak/soak.py \
	tests/soak/target_killed.py \
	tests/soak/targets.py \
	tests/soak/tracer_killed.py \
	tests/soak/work.py

soak: outpost$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) PYTHONDONTWRITEBYTECODE=1 "$$OUTPOST_TOOLS/venv/bin/python" $(srcdir)/tests/soak/soak.py $(SOAK_FLAGS)
.PHONY: soak
