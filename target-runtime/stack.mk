# Stacks, instances, values.
libtarget_la_SOURCES += \
	target-runtime/activation.c target-runtime/activation.h \
	target-runtime/code_places.c target-runtime/code_places.h \
	target-runtime/exception_table.c target-runtime/exception_table.h \
	target-runtime/frame_site.c target-runtime/frame_site.h \
	target-runtime/frame_values.c \
	target-runtime/host_call.c \
	target-runtime/instance.c target-runtime/instance.h \
	target-runtime/dump_stack.c target-runtime/dump_stack.h \
	target-runtime/stack.h \
	target-runtime/stack_window.c target-runtime/stack_window.h \
	target-runtime/suspended.c \
	target-runtime/virtual_frame.c \
	target-runtime/walk.c
