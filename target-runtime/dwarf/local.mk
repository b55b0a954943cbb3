libtarget_la_SOURCES += \
	target-runtime/dwarf/debug_image.c \
	target-runtime/dwarf/debug_info.c target-runtime/dwarf/debug_info.h \
	target-runtime/dwarf/demangle.c target-runtime/dwarf/demangle.h \
	target-runtime/dwarf/die_attributes.c \
	target-runtime/dwarf/dwarf_private.h \
	target-runtime/dwarf/entries.c target-runtime/dwarf/entries.h \
	target-runtime/dwarf/expression.c \
	target-runtime/dwarf/functions.c target-runtime/dwarf/functions.h \
	target-runtime/dwarf/kept_dwarf.c target-runtime/dwarf/kept_dwarf.h \
	target-runtime/dwarf/line_files.c \
	target-runtime/dwarf/line_places.c \
	target-runtime/dwarf/line_program.c target-runtime/dwarf/line_program.h \
	target-runtime/dwarf/line_table.c target-runtime/dwarf/line_table.h \
	target-runtime/dwarf/line_table_private.h \
	target-runtime/dwarf/location.c target-runtime/dwarf/location.h \
	target-runtime/dwarf/location_list.c target-runtime/dwarf/location_list.h \
	target-runtime/dwarf/location_private.h \
	target-runtime/dwarf/name_match.c \
	target-runtime/dwarf/named_types.c \
	target-runtime/dwarf/names.c target-runtime/dwarf/names.h \
	target-runtime/dwarf/native_dwarf.c target-runtime/dwarf/native_dwarf.h \
	target-runtime/dwarf/native_match.c target-runtime/dwarf/native_match.h \
	target-runtime/dwarf/returns.c target-runtime/dwarf/returns.h \
	target-runtime/dwarf/scopes.c target-runtime/dwarf/scopes.h \
	target-runtime/dwarf/signature_match.c \
	target-runtime/dwarf/source_map.c target-runtime/dwarf/source_map.h \
	target-runtime/dwarf/source_map_dwarf.c \
	target-runtime/dwarf/source_path.c target-runtime/dwarf/source_path.h \
	target-runtime/dwarf/type.c target-runtime/dwarf/type.h \
	target-runtime/dwarf/type_basic.c \
	target-runtime/dwarf/type_declaration.c \
	target-runtime/dwarf/type_definition.c \
	target-runtime/dwarf/type_derived.c \
	target-runtime/dwarf/type_members.c \
	target-runtime/dwarf/type_print.c target-runtime/dwarf/type_print.h \
	target-runtime/dwarf/type_private.h \
	target-runtime/dwarf/type_set.c \
	target-runtime/dwarf/type_variants.c \
	target-runtime/dwarf/variables.c \
	target-runtime/dwarf/vtables.c target-runtime/dwarf/vtables.h
libtarget_la_LIBADD = $(LIBDW_LIBS) $(JANSSON_LIBS) -liberty
