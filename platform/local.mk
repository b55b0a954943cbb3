noinst_LTLIBRARIES += libplatform.la
libplatform_la_SOURCES = \
	platform/platform.h \
	platform/mappings.c \
	platform/linux/attach.c \
	platform/linux/detour.c platform/linux/detour.h \
	platform/linux/events.c \
	platform/linux/fork.c \
	platform/linux/guardian.c platform/linux/guardian.h \
	platform/linux/handler.c platform/linux/handler.h \
	platform/linux/inject.c platform/linux/inject.h \
	platform/linux/launch.c platform/linux/launch.h \
	platform/linux/maps.c \
	platform/linux/memory.c \
	platform/linux/mapper.c \
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
	platform/linux/wait.c \
	platform/linux/waiter.c platform/linux/waiter.h \
	platform/linux/watch.c
