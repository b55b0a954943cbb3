# What is for people, and what goes into a distribution besides the sources.
dist_man_MANS += docs/outpost.1
# With their folder, so that they find each other by their links.
nobase_dist_doc_DATA = \
	CONTRIBUTING.md \
	COPYING \
	NEWS \
	README.md \
	docs/benchmarks.md \
	docs/design.md \
	docs/fuzzing.md \
	docs/json-schema.json \
	docs/manual.md \
	docs/survival.md \
	docs/wasmtime.md
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = completions/outpost.bash
EXTRA_DIST += \
	.ci/run \
	.clang-format \
	.editorconfig \
	bootstrap
# Folders that are outpost's own do not stay behind empty.
uninstall-hook:
	for folder in "$(docdir)/docs" "$(docdir)" "$(outpostincludedir)/base" \
		"$(outpostincludedir)/target-runtime" "$(outpostincludedir)/tracer" \
		"$(outpostincludedir)"; do rmdir "$(DESTDIR)$$folder" 2>/dev/null; done; :
# Writes the commands' own help into the manual page; a test says when that has to be done.
manual-page: outpost$(EXEEXT)
	./outpost --dump-commands=man > docs-commands.tmp
	awk '/^\.SH ENVIRONMENT/ { skip = 0 } !skip { print } \
		/^A command may be shortened/ { while ((getline line < "docs-commands.tmp") > 0) print line; skip = 1 }' \
		$(srcdir)/docs/outpost.1 > docs-page.tmp
	mv docs-page.tmp $(srcdir)/docs/outpost.1
	rm docs-commands.tmp
.PHONY: manual-page
