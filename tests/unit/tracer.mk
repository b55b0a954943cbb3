UNIT_TESTS += tests/unit/test_expression
tests_unit_test_expression_SOURCES = tests/unit/test_expression.c
tests_unit_test_expression_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_expression_LDADD = libtracer.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_expression_tree
tests_unit_test_expression_tree_SOURCES = tests/unit/test_expression_tree.c
tests_unit_test_expression_tree_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_expression_tree_LDADD = libtracer.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_wasi_preview1
tests_unit_test_wasi_preview1_SOURCES = tests/unit/test_wasi_preview1.c
tests_unit_test_wasi_preview1_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_wasi_preview1_LDADD = libtracer.la $(UNIT_LIBS)
