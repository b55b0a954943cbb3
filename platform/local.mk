noinst_LTLIBRARIES += libplatform.la
libplatform_la_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS) $(ZSTD_CFLAGS) $(LZ4_CFLAGS) $(LZMA_CFLAGS)
libplatform_la_LIBADD = $(ZSTD_LIBS) $(LZ4_LIBS) $(LZMA_LIBS) $(LIBDW_LIBS) $(SECCOMP_LIBS)
libplatform_la_SOURCES = \
	platform/platform.h \
	platform/mappings.c \
	platform/open.c \
	platform/operations.h \
	platform/process.c \
	platform/apart/apart.h \
	platform/apart/channel.c platform/apart/channel.h \
	platform/apart/client.c platform/apart/client.h \
	platform/apart/client_direct.c \
	platform/apart/client_memory.c \
	platform/apart/client_run.c \
	platform/apart/client_threads.c \
	platform/apart/confine.c platform/apart/confine.h \
	platform/apart/confine_calls.c \
	platform/apart/server.c platform/apart/server.h \
	platform/apart/server_memory.c \
	platform/apart/server_threads.c \
	platform/apart/start.c \
	platform/apart/wire.c platform/apart/wire.h \
	platform/linux/attach.c \
	platform/linux/copied.c platform/linux/copied.h \
	platform/linux/copied_begin.c \
	platform/linux/copied_end.c \
	platform/linux/core.c platform/linux/core.h \
	platform/linux/core_decoder.c platform/linux/core_decoder.h \
	platform/linux/core_details.c platform/linux/core_details.h \
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
	platform/linux/frozen_left.c \
	platform/linux/frozen_memory.c \
	platform/linux/frozen_process.c \
	platform/linux/guardian.c platform/linux/guardian.h \
	platform/linux/guardian_journal.c platform/linux/guardian_journal.h \
	platform/linux/guardian_settle.c platform/linux/guardian_settle.h \
	platform/linux/guardian_sweep.c platform/linux/guardian_sweep.h \
	platform/linux/guardian_target.c platform/linux/guardian_target.h \
	platform/linux/handler.c platform/linux/handler.h \
	platform/linux/inject.c platform/linux/inject.h \
	platform/linux/launch.c platform/linux/launch.h \
	platform/linux/maps.c platform/linux/maps.h \
	platform/linux/memory.c \
	platform/linux/mapper.c \
	platform/linux/native.c platform/linux/native.h \
	platform/linux/open.h \
	platform/linux/operations.c platform/linux/operations.h \
	platform/linux/pages.c \
	platform/linux/proc.c platform/linux/proc.h \
	platform/linux/process.c platform/linux/process.h \
	platform/linux/refuse.c platform/linux/refuse.h \
	platform/linux/registers.c \
	platform/linux/request.c platform/linux/request.h \
	platform/linux/rewind.c platform/linux/rewind.h \
	platform/linux/run.c \
	platform/linux/shield.c \
	platform/linux/signals.c platform/linux/signals.h \
	platform/linux/threads.c \
	platform/linux/trap_mask.c \
	platform/linux/trap_mask.h \
	platform/linux/wait.c \
	platform/linux/waiter.c platform/linux/waiter.h \
	platform/linux/watch.c \
	platform/linux/write_track.c platform/linux/write_track.h
