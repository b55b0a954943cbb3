# Images and their tables.
libtarget_la_SOURCES += \
	target-runtime/address_map.c target-runtime/address_map.h \
	target-runtime/artifact.c target-runtime/artifact.h \
	target-runtime/artifact_modules.c \
	target-runtime/artifact_private.h \
	target-runtime/artifact_tables.c \
	target-runtime/block_map.c target-runtime/block_map.h \
	target-runtime/eh_frame.c target-runtime/eh_frame.h \
	target-runtime/elf_image.c target-runtime/elf_image.h \
	target-runtime/engine.c target-runtime/engine.h \
	target-runtime/frame_descriptor.c target-runtime/frame_descriptor.h \
	target-runtime/frame_table.c target-runtime/frame_table.h \
	target-runtime/function_table.c target-runtime/function_table.h \
	target-runtime/image_scan.c target-runtime/image_scan.h \
	target-runtime/image_set.c target-runtime/image_set.h \
	target-runtime/layout/layout.c target-runtime/layout/layout.h \
	target-runtime/memory.c target-runtime/memory.h \
	target-runtime/trap_table.c target-runtime/trap_table.h \
	target-runtime/unwind_row.c target-runtime/unwind_row.h \
	target-runtime/value.c target-runtime/value.h
