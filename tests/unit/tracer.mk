UNIT_TESTS += tests/unit/test_expression
tests_unit_test_expression_SOURCES = tests/unit/test_expression.c
tests_unit_test_expression_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_expression_LDADD = libtracer.la $(UNIT_LIBS)
