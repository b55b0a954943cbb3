# Source-level information.
DWARF_FIXTURE = tests/unit/dwarf_fixture.c tests/unit/dwarf_fixture.h $(WASM_FIXTURE)

UNIT_TESTS += tests/unit/test_source_map
tests_unit_test_source_map_SOURCES = tests/unit/test_source_map.c $(WASM_FIXTURE)
tests_unit_test_source_map_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_source_map_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_bad_dwarf
tests_unit_test_bad_dwarf_SOURCES = tests/unit/test_bad_dwarf.c
tests_unit_test_bad_dwarf_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bad_dwarf_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_line_table
tests_unit_test_line_table_SOURCES = tests/unit/test_line_table.c $(DWARF_FIXTURE)
tests_unit_test_line_table_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_line_table_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_names
tests_unit_test_names_SOURCES = tests/unit/test_names.c $(DWARF_FIXTURE)
tests_unit_test_names_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_names_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_location
tests_unit_test_location_SOURCES = tests/unit/test_location.c $(DWARF_FIXTURE)
tests_unit_test_location_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_location_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_types
tests_unit_test_types_SOURCES = tests/unit/test_types.c $(DWARF_FIXTURE)
tests_unit_test_types_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_types_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_returns
tests_unit_test_returns_SOURCES = tests/unit/test_returns.c $(DWARF_FIXTURE)
tests_unit_test_returns_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_returns_LDADD = $(UNIT_LIBS)

EXTRA_DIST += \
	tests/guests/dwarf/lines.c \
	tests/guests/dwarf/lines.h \
	tests/guests/dwarf/lines-4-O0.rows \
	tests/guests/dwarf/lines-4-O0.wasm \
	tests/guests/dwarf/lines-4-O2.rows \
	tests/guests/dwarf/lines-4-O2.wasm \
	tests/guests/dwarf/lines-5-O0.rows \
	tests/guests/dwarf/lines-5-O0.wasm \
	tests/guests/dwarf/lines-5-O2.rows \
	tests/guests/dwarf/lines-5-O2.wasm \
	tests/guests/dwarf/make.py \
	tests/guests/dwarf/mix.cc \
	tests/guests/dwarf/names-4-O0.wasm \
	tests/guests/dwarf/names-5-O2.wasm \
	tests/guests/dwarf/names.cc \
	tests/guests/dwarf/names.h \
	tests/guests/dwarf/names_other.cc \
	tests/guests/dwarf/returns.c \
	tests/guests/dwarf/returns.rs \
	tests/guests/dwarf/returns-5-O0.wasm \
	tests/guests/dwarf/returns-5-O2.wasm \
	tests/guests/dwarf/returns-rust.wasm \
	tests/guests/dwarf/types.cc \
	tests/guests/dwarf/types.rs \
	tests/guests/dwarf/types-4-O0.wasm \
	tests/guests/dwarf/types-5-O0.wasm \
	tests/guests/dwarf/types-5-O2.wasm \
	tests/guests/dwarf/types-rust.wasm
UNIT_TESTS += tests/unit/test_lazy_bytes
tests_unit_test_lazy_bytes_SOURCES = tests/unit/test_lazy_bytes.c
tests_unit_test_lazy_bytes_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_lazy_bytes_LDADD = $(UNIT_LIBS)
