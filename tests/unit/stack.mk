# Recorded processes, walked without a process: see tests/replay/README.md.
REPLAY_FILES = tests/replay/image_file.c tests/replay/image_file.h

UNIT_TESTS += tests/replay/test_replay
tests_replay_test_replay_SOURCES = tests/replay/test_replay.c tests/replay/check_walk.c tests/replay/check_walk.h $(REPLAY_FILES)
tests_replay_test_replay_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_replay_test_replay_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_stack_window
tests_unit_test_stack_window_SOURCES = tests/unit/test_stack_window.c
tests_unit_test_stack_window_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_stack_window_LDADD = $(UNIT_LIBS)

# Makes the images anew; not a test.
check_PROGRAMS += tests/replay/record
tests_replay_record_SOURCES = tests/replay/record.c $(REPLAY_FILES)
tests_replay_record_LDADD = libtarget.la libplatform.la libarch.la libbase.la

EXTRA_DIST += \
	tests/replay/README.md \
	tests/replay/record.sh \
	tests/replay/guests/block.wat \
	tests/replay/guests/nest.py \
	tests/replay/guests/nest.wat \
	tests/replay/guests/over.wat \
	tests/replay/guests/read.wat \
	tests/replay/guests/spin.wat \
	tests/replay/guests/trap.wat \
	tests/replay/guests/try.wat \
	tests/replay/guests/wait.wat \
	tests/replay/images/block-49.img \
	tests/replay/images/divide-42-trap.img \
	tests/replay/images/divide-49-raise.img \
	tests/replay/images/divide-49-trap.img \
	tests/replay/images/inline-49.img \
	tests/replay/images/nest-50.img \
	tests/replay/images/over-49-trap.img \
	tests/replay/images/plain-49.img \
	tests/replay/images/read-36.img \
	tests/replay/images/read-42.img \
	tests/replay/images/read-44.img \
	tests/replay/images/read-49.img \
	tests/replay/images/spin-42.img \
	tests/replay/images/spin-49.img \
	tests/replay/images/try-49.img \
	tests/replay/images/wait-49.img
