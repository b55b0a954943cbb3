# Code for patch slots, and where in a process it finds its values.
libtracer_la_SOURCES += \
	tracer/agent/asm_x86_64.c tracer/agent/asm_x86_64.h \
	tracer/agent/scope.c tracer/agent/scope.h \
	tracer/agent/stub.c tracer/agent/stub.h tracer/agent/stub_private.h \
	tracer/agent/stub_check.c \
	tracer/agent/stub_expression.c \
	tracer/agent/stub_x86_64.c tracer/agent/stub_x86_64.h \
	tracer/agent/stub_x86_64_steps.c
