# The guest's state: stores, instances and what they hold.
libtarget_la_SOURCES += \
	target-runtime/cell.c target-runtime/cell.h \
	target-runtime/context_scan.c target-runtime/context_scan.h \
	target-runtime/function_ref.c target-runtime/function_ref.h \
	target-runtime/gc_object.c target-runtime/gc_object.h \
	target-runtime/global.c target-runtime/global.h \
	target-runtime/guest_memory_ranges.c target-runtime/guest_memory_ranges.h \
	target-runtime/instance_candidate.c target-runtime/instance_candidate.h \
	target-runtime/instance_module.c target-runtime/instance_module.h \
	target-runtime/instance_shape.c target-runtime/instance_shape.h \
	target-runtime/linkage.c target-runtime/linkage.h \
	target-runtime/store_list.c target-runtime/store_list.h \
	target-runtime/store_set.c target-runtime/store_set.h \
	target-runtime/store_set_private.h \
	target-runtime/table.c target-runtime/table.h \
	target-runtime/tunables.c target-runtime/tunables.h \
	target-runtime/type_numbers.c target-runtime/type_numbers.h \
	target-runtime/vm_import.c target-runtime/vm_import.h \
	target-runtime/vmctx.c target-runtime/vmctx.h \
	target-runtime/wasm_core_dump.c target-runtime/wasm_core_dump.h \
	target-runtime/wasm_core_encode.c target-runtime/wasm_core_encode.h \
	target-runtime/wasm/elements.c target-runtime/wasm/elements.h \
	target-runtime/wasm/interned_types.c target-runtime/wasm/interned_types.h
