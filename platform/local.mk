noinst_LTLIBRARIES += libplatform.la
libplatform_la_CPPFLAGS = $(AM_CPPFLAGS) $(ZSTD_CFLAGS) $(LZ4_CFLAGS) $(LZMA_CFLAGS)
libplatform_la_LIBADD = $(ZSTD_LIBS) $(LZ4_LIBS) $(LZMA_LIBS) $(LIBDW_LIBS)
libplatform_la_SOURCES = \
	platform/platform.h \
	platform/mappings.c \
	platform/operations.h \
	platform/process.c \
	platform/linux/attach.c \
	platform/linux/core.c platform/linux/core.h \
	platform/linux/core_decoder.c platform/linux/core_decoder.h \
	platform/linux/core_elf.c \
	platform/linux/core_files.c \
	platform/linux/core_memory.c \
	platform/linux/core_notes.c \
	platform/linux/core_pieces.c \
	platform/linux/core_program.c \
	platform/linux/core_unpack.c \
	platform/linux/core_layout.c \
	platform/linux/core_write.c \
	platform/linux/core_write_notes.c \
	platform/linux/detour.c platform/linux/detour.h \
	platform/linux/events.c \
	platform/linux/fork.c \
	platform/linux/frozen.c platform/linux/frozen.h \
	platform/linux/frozen_copy.c \
	platform/linux/frozen_memory.c \
	platform/linux/guardian.c platform/linux/guardian.h \
	platform/linux/handler.c platform/linux/handler.h \
	platform/linux/inject.c platform/linux/inject.h \
	platform/linux/launch.c platform/linux/launch.h \
	platform/linux/maps.c \
	platform/linux/memory.c \
	platform/linux/mapper.c \
	platform/linux/native.c platform/linux/native.h \
	platform/linux/operations.c platform/linux/operations.h \
	platform/linux/pages.c \
	platform/linux/proc.c platform/linux/proc.h \
	platform/linux/process.c platform/linux/process.h \
	platform/linux/refuse.c platform/linux/refuse.h \
	platform/linux/registers.c \
	platform/linux/rewind.c platform/linux/rewind.h \
	platform/linux/run.c \
	platform/linux/shield.c \
	platform/linux/signals.c platform/linux/signals.h \
	platform/linux/threads.c \
	platform/linux/trap_mask.c \
	platform/linux/trap_mask.h \
	platform/linux/wait.c \
	platform/linux/waiter.c platform/linux/waiter.h \
	platform/linux/watch.c
