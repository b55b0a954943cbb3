# The core-module reader.
libtarget_la_SOURCES += \
	target-runtime/wasm/flow.c \
	target-runtime/wasm/immediates.c target-runtime/wasm/immediates.h \
	target-runtime/wasm/instruction.c \
	target-runtime/wasm/locals.c \
	target-runtime/wasm/module.c target-runtime/wasm/module.h \
	target-runtime/wasm/module_private.h \
	target-runtime/wasm/names.c \
	target-runtime/wasm/opcodes.c target-runtime/wasm/opcodes.h \
	target-runtime/wasm/sections.c \
	target-runtime/wasm/shadow_stack.c target-runtime/wasm/shadow_stack.h \
	target-runtime/wasm/type_names.c target-runtime/wasm/type_names.h \
	target-runtime/wasm/type_section.c \
	target-runtime/wasm/types.c target-runtime/wasm/types.h \
	target-runtime/wasm/types_text.c
