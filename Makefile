# Daybook: `make help` lists the targets. Everything that is built lies below build/.
#
# A variant is a compiler with a set of flags. Each has its own folder of objects, so variants never mix; the
# products of the default one (gcc, optimised) are linked to build/ itself.

CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
MINUTES ?= 1

mode     := $(if $(FUZZ),fuzz,$(if $(SANITIZE),sanitize,$(if $(THREADS),threads,$(if $(COVERAGE),coverage,release))))
compiler := $(if $(filter gcc,$(notdir $(CC))),,$(if $(FUZZ),,-$(notdir $(CC))))
out      := build/$(mode)$(compiler)
is_default := $(filter build/release,$(out))

flags_release  := -O2 -g
flags_sanitize := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
flags_threads  := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
flags_coverage := -O0 -g --coverage
flags_fuzz     := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
                  -fno-sanitize-recover=all

warnings := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wundef \
            -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Werror
compile   = $(CC) -std=gnu11 -D_GNU_SOURCE -Iinclude -I. $(warnings) $(flags_$(mode)) $(CPPFLAGS) $(CFLAGS) -MMD -MP
link      = $(CC) $(flags_$(mode)) $(CFLAGS) $(LDFLAGS)

# pkg-config is asked when something is linked, not when this file is read: `make deps` has to work without it.
library_libs = $(shell pkg-config --libs lmdb msgpack libcrypto libxxhash libutf8proc)
tools_libs   = $(shell pkg-config --libs jansson smartcols) -lcsv
test_libs    = $(shell pkg-config --libs cmocka)
bench_libs   = $(shell pkg-config --libs sqlite3) -lm

library_sources := $(wildcard ledger/*.c projections/*.c)
main_source     := $(wildcard tools/main.c)
tools_sources   := $(filter-out $(main_source) tools/bench/%,$(wildcard tools/*.c tools/*/*.c))
bench_sources   := $(wildcard tools/bench/*.c)
test_sources    := $(wildcard tests/unit/test_*.c)
helper_sources  := $(filter-out $(test_sources),$(wildcard tests/unit/*.c))
fuzz_sources    := $(wildcard tests/fuzz/fuzz_*.c)
fuzz_helpers    := $(filter-out $(fuzz_sources),$(wildcard tests/fuzz/*.c))
# A test of several files is a folder; its objects come before the libraries, whose calls some of them answer.
folder_tests    := crash fault power tamper
preloaded       := tests/fault/layer.c
folder_sources  := $(filter-out $(preloaded),$(wildcard $(folder_tests:%=tests/%/*.c)))

objects = $(1:%.c=$(out)/%.o)
library_objects := $(call objects,$(library_sources))
tools_objects   := $(call objects,$(tools_sources))
main_objects    := $(call objects,$(main_source))
bench_objects   := $(call objects,$(bench_sources))
test_objects    := $(call objects,$(test_sources))
helper_objects  := $(call objects,$(helper_sources))
fuzz_objects    := $(call objects,$(fuzz_sources) $(fuzz_helpers))
folder_objects  := $(call objects,$(folder_sources))
all_objects     := $(library_objects) $(tools_objects) $(main_objects) $(bench_objects) $(test_objects) \
                   $(helper_objects) $(fuzz_objects) $(folder_objects)

test_programs := $(test_sources:tests/unit/%.c=$(out)/tests/%)
thread_test   := $(out)/tests/test_threads
folder_programs := $(folder_tests:%=$(out)/tests/test_%)
fuzz_programs := $(fuzz_sources:tests/fuzz/%.c=$(out)/%)
products := libdaybook.a libdaybook.so $(if $(main_source),daybook) $(if $(bench_sources),bench)

# The number changes when a compiled program would not run any more: include/daybook/version.h says when.
soname  := libdaybook.so.1
version  = $(shell sed -n 's/^.define DAYBOOK_VERSION "\(.*\)".*/\1/p' include/daybook/version.h)

# Sub-makes use every processor unless the caller has said how many.
parallel = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
# tests/run knows the folders of these variants, whatever variant the caller has asked for.
tested   = $(MAKE) -s --no-print-directory $(parallel) CC=gcc SANITIZE= THREADS= COVERAGE= FUZZ=

.PHONY: help deps all unit-tests thread-tests fuzz-programs demo test test-long check-layers lint format fuzz bench \
        readme-bench clean install
.DELETE_ON_ERROR:
.SECONDARY:

.DEFAULT_GOAL := all

help:
	@echo 'make deps          install what is missing of the Debian packages that the other targets need'
	@echo 'make all           build/daybook, build/libdaybook.a, build/libdaybook.so'
	@echo 'make demo          a tour of the program on example orders (runs deps first)'
	@echo 'make test          every test but the long ones (runs deps first); ends with "N passed, N failed"'
	@echo 'make test-long     the tests that take as long as they are given: MINUTES=1'
	@echo 'make check-layers  does an include break the order tools, projections, ledger, include?'
	@echo 'make lint          layers and style, then cppcheck where it is installed'
	@echo 'make format        clang-format over all C files but the tests, whose tables are set by hand'
	@echo 'make fuzz          each fuzz target for MINUTES=1; TARGET=name for one of them'
	@echo 'make bench         the benchmark; ORDERS=300000 for as many orders'
	@echo 'make readme-bench  the table of README.md from the figures of the last one'
	@echo 'make install       to PREFIX=/usr/local, below DESTDIR='
	@echo 'make clean         remove build/'
	@echo
	@echo 'Variants: CC=clang, SANITIZE=1, THREADS=1, COVERAGE=1; each builds in a folder of its own, such as'
	@echo 'build/sanitize.'

deps:
	tools/deps.sh

all: $(products:%=$(out)/%) $(if $(is_default),$(products:%=build/%))
unit-tests: $(test_programs) $(folder_programs)
thread-tests: $(thread_test)
fuzz-programs: $(fuzz_programs)

$(all_objects): $(out)/%.o: %.c
	@mkdir -p $(@D)
	$(compile) -c -o $@ $<
# Only what the public headers declare is seen from outside.
$(library_objects): CPPFLAGS += -fPIC -fvisibility=hidden

# Files that the program carries in itself (tools/embed.h).
$(out)/tools/backup/files.o: tools/backup/verify.py tools/backup/README.txt
$(out)/tools/pack/evidence.o: tools/pack/check.py tools/pack/events.py
$(out)/tools/pack/readme.o: tools/pack/readme.en.txt tools/pack/readme.zh.txt

# An archive is made anew, so that it never keeps the object of a source that is gone.
# Tools and tests look inside: they are linked with all names of the library. What others link is one object, in which
# the internal ones are local, so that none clashes with a name of theirs.
$(out)/internal.a: $(library_objects)
$(out)/libdaybook.a: $(out)/libdaybook.o
$(out)/libdaybook.o: $(library_objects)
	$(CC) $(CFLAGS) -r -nostdlib -o $@ $^
	objcopy --localize-hidden $@
$(out)/tools.a: $(tools_objects)
$(out)/helpers.a: $(helper_objects)
$(out)/%.a:
	@mkdir -p $(@D)
	rm -f $@
	ar rcs $@ $^

$(out)/libdaybook.so: $(library_objects) include/libdaybook.map
	$(link) -shared -Wl,-soname,$(soname) -Wl,--version-script,include/libdaybook.map \
	    -o $@ $(library_objects) $(library_libs)

$(out)/daybook: $(main_objects) $(out)/tools.a $(out)/internal.a
	$(link) -o $@ $^ $(tools_libs) $(library_libs)

$(out)/bench: $(bench_objects) $(out)/tools.a $(out)/internal.a
	$(link) -o $@ $^ $(tools_libs) $(library_libs) $(bench_libs)

# Built with THREADS=1 as well, where compiling all of tools would take long.
$(thread_test): $(out)/tests/unit/test_threads.o $(out)/helpers.a $(out)/internal.a
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(test_libs) $(library_libs)

$(filter-out $(thread_test),$(test_programs)): $(out)/tests/%: $(out)/tests/unit/%.o $(out)/helpers.a $(out)/tools.a \
                                                $(out)/internal.a
	$(link) -o $@ $^ $(test_libs) $(tools_libs) $(library_libs)

.SECONDEXPANSION:
$(folder_programs): $(out)/tests/test_%: $$(call objects,$$(filter-out $(preloaded),$$(wildcard tests/$$*/*.c))) \
                                         $(out)/helpers.a $(out)/tools.a $(out)/internal.a
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(test_libs) $(tools_libs) $(library_libs)

# What is preloaded has to stand by itself: no sanitizer in it, but perhaps behind it.
$(out)/tests/libfault.so: $(preloaded) tests/fault/fault.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Iinclude -I. $(warnings) -O2 -g -fPIC -shared -o $@ $<
$(out)/tests/test_fault: | $(out)/tests/libfault.so $(out)/daybook

$(out)/fuzz.a: $(call objects,$(fuzz_helpers))
$(fuzz_programs): $(out)/%: $(out)/tests/fuzz/%.o $(out)/fuzz.a $(out)/helpers.a $(out)/tools.a $(out)/internal.a
	$(link) -fsanitize=fuzzer -o $@ $^ $(tools_libs) $(library_libs)

ifneq ($(is_default),)
$(products:%=build/%): build/%: $(out)/%
	ln -f $< $@
endif

demo: deps
	$(MAKE) $(parallel) all
	tools/demo.sh

test: deps
	@{ $(tested) all unit-tests && $(tested) SANITIZE=1 all unit-tests && \
	   $(tested) THREADS=1 thread-tests && $(tested) CC=clang FUZZ=1 fuzz-programs; } || \
	   { echo '0 passed, 1 failed'; exit 1; }
	@tests/run

test-long: deps
	$(tested) all unit-tests
	$(tested) SANITIZE=1 all unit-tests
	$(tested) THREADS=1 thread-tests
	$(tested) CC=clang FUZZ=1 fuzz-programs
	MINUTES=$(MINUTES) tests/run --long

check-layers:
	tests/check/layers

# cppcheck cannot know that outputs are written on success only, nor that a struct keeps what a function gave it: the
# compilers and the sanitizers watch over that.
cppcheck_blind := uninitvar uninitStructMember memleak autoVariables missingIncludeSystem

lint: check-layers
	tests/check/style
	@if command -v cppcheck >/dev/null; then set -x; \
	    cppcheck -q -j2 --std=c11 --enable=warning,performance,portability --inline-suppr \
	        $(cppcheck_blind:%=--suppress=%) --error-exitcode=1 -D_GNU_SOURCE -Iinclude -I. $(library_sources) \
	        $(tools_sources) $(main_source) $(bench_sources); \
	else echo 'cppcheck is not installed: skipped'; fi

format:
	clang-format -i $(shell find include ledger projections tools -name '*.[ch]')

fuzz:
	$(MAKE) $(parallel) CC=clang FUZZ=1 fuzz-programs
	$(if $(fuzz_sources),MINUTES=$(MINUTES) TARGET=$(TARGET) tests/run --fuzz,@echo 'There is no fuzz target.')

bench: all
	$(if $(bench_sources),$(out)/bench $(ORDERS:%=--orders %),@echo 'There is no benchmark.')

readme-bench:
	tools/bench/readme.py

libdir  = $(DESTDIR)$(LIBDIR)
share   = $(DESTDIR)$(PREFIX)/share

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(libdir)/pkgconfig $(DESTDIR)$(PREFIX)/include/daybook $(share)/man/man1 \
	    $(share)/bash-completion/completions
	install -m 755 $(out)/daybook $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(out)/libdaybook.a $(libdir)
	install -m 644 $(out)/libdaybook.so $(libdir)/$(soname)
	ln -sf $(soname) $(libdir)/libdaybook.so
	install -m 644 include/daybook/* $(DESTDIR)$(PREFIX)/include/daybook
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(version)|' include/daybook.pc.in \
	    > $(libdir)/pkgconfig/daybook.pc
	$(out)/daybook help --man > $(share)/man/man1/daybook.1
	$(out)/daybook completion bash > $(share)/bash-completion/completions/daybook

clean:
	rm -rf build

-include $(all_objects:.o=.d)
