noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
	base/addr.h \
	base/array.c base/array.h \
	base/cancel.h \
	base/compiler.h \
	base/error.c base/error.h \
	base/input_file.c base/input_file.h \
	base/new_file.c base/new_file.h \
	base/lazy_bytes.c base/lazy_bytes.h \
	base/read_at.c base/read_at.h \
	base/reader.c base/reader.h \
	base/text.c base/text.h
