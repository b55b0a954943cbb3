noinst_LTLIBRARIES += libarch.la
libarch_la_SOURCES = \
	arch/arch.c arch/arch.h \
	arch/disassembler.c \
	arch/x86_64.c arch/x86_64.h \
	arch/x86_64_store.c
libarch_la_CPPFLAGS = $(AM_CPPFLAGS) $(CAPSTONE_CFLAGS)
libarch_la_LIBADD = $(CAPSTONE_LIBS)
