libtarget_la_SOURCES += \
	target-runtime/dwarf/debug_info.c target-runtime/dwarf/debug_info.h \
	target-runtime/dwarf/dwarf_private.h \
	target-runtime/dwarf/functions.c target-runtime/dwarf/functions.h \
	target-runtime/dwarf/line_table.c target-runtime/dwarf/line_table.h \
	target-runtime/dwarf/location.c target-runtime/dwarf/location.h \
	target-runtime/dwarf/names.c \
	target-runtime/dwarf/type.c target-runtime/dwarf/type.h \
	target-runtime/dwarf/type_print.c
libtarget_la_LIBADD = $(LIBDW_LIBS)
