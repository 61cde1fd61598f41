# Everything that is done here, as one command each: "make help" lists them.
# All output goes below build/.  Settings are given on the command line:
#
#   NGINX_SRC=/path  build against this nginx source tree, not nginx-dev
#   AI_NGINX=/path   the nginx to run, and to ask for its "nginx -V"
#   TESTS="t/a.t"    run these tests only         VERBOSE=1  show all they say
#   AI_PORT=8080     port of "make run"           AI_PROVIDER=name  its provider
#   FUZZ_SECONDS=20  time for each fuzz target
#   SUITES="sid"     Debian suites of "make matrix"
#   ID= OWNER=       for "make key"

ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
BUILD := $(ROOT)/build
NGINX_SRC ?=
AI_NGINX ?= $(shell PATH="$$PATH:/usr/sbin" command -v nginx)
FUZZ_SECONDS ?= 20
SUITES ?= bookworm trixie sid
DESTDIR ?=

export AI_NGINX AI_PORT AI_PROVIDER CC CC_OPT LD_OPT
export AI_BUILD = $(BUILD)
export AI_MODULE = $(MODULE)

NGX_TREE := $(or $(NGINX_SRC),/usr/share/nginx/src)
NGX_OUT := $(BUILD)/nginx
NAME := ngx_http_ai_gateway_module
MODULE := $(NGX_OUT)/$(NAME).so

# as many jobs as there are cores, unless "make -j" said otherwise
SUBMAKE = @+$(MAKE) --no-print-directory \
          $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

NGX_VERSION := $(shell sed -n 's/^\#define NGINX_VERSION *//p' \
                           $(NGX_TREE)/src/core/nginx.h 2>/dev/null)
SETTINGS := $(NGX_TREE) $(NGX_VERSION) $(CC) $(CC_OPT) $(LD_OPT)

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.SUFFIXES:


##@ Use

.PHONY: run
run: ## installs what is missing, builds, serves on 127.0.0.1:8080
	@tools/apt.sh need $(GROUP_BUILD)
	$(SUBMAKE) build
	@AI_MODULE=$(MODULE) BUILD=$(BUILD) tools/run.sh

# taken from the command line only: a shell may have a GROUP of its own

KEY_FIELDS := ID OWNER GROUP PROJECT TENANT PLAN ROLE EXPIRES ALLOW

.PHONY: key
key: ## prints a new virtual key, once, and its entry (ID= OWNER= ...)
	@unset $(foreach field,$(KEY_FIELDS), \
	             $(if $(findstring command,$(origin $(field))),,$(field))); \
	tools/key.sh

.PHONY: install
install: build ## copies the module to nginx's modules directory
	@dir=$$($(AI_NGINX) -V 2>&1 | tr ' ' '\n' \
	    | sed -n 's/^--modules-path=//p'); \
	dir="$(DESTDIR)$${dir:-/usr/lib/nginx/modules}"; \
	install -D -m 644 $(MODULE) "$$dir/$(NAME).so" \
	    && echo "$$dir/$(NAME).so"

.PHONY: deb
deb: ## a Debian package, in build/deb
	@tools/apt.sh need build deb
	@tools/deb.sh


##@ Build

GROUP_BUILD = $(if $(NGINX_SRC),source-build,build)

.PHONY: build
build: $(NGX_OUT)/Makefile ## the module, build/nginx/*.so (plain "make")
	$(SUBMAKE) -s -C $(NGX_TREE) -f $(NGX_OUT)/Makefile $(MODULE)
	@! nm -u $(MODULE) | sed -n 's/^ *U \(ngx_\(http_\)*ai_.*\)/\1/p' \
	    | grep . || { echo "defined nowhere; is its file in config?"; exit 1; }
	@echo "$(MODULE)"

.PHONY: binary
binary: $(NGX_OUT)/Makefile ## nginx itself too, with NGINX_SRC
	$(SUBMAKE) -s -C $(NGX_TREE) -f $(NGX_OUT)/Makefile binary

# "config" names the sources: a new list is a new Makefile of nginx's

$(NGX_OUT)/Makefile: config tools/configure.sh $(NGX_OUT)/settings
	@tools/configure.sh $(NGX_OUT) $(NGINX_SRC)
	@touch $@

# changes only when the settings do

$(NGX_OUT)/settings: FORCE
	@mkdir -p $(@D)
	@echo '$(SETTINGS)' | cmp -s - $@ || echo '$(SETTINGS)' > $@

.PHONY: FORCE
FORCE:

.PHONY: deps
deps: ## installs what build and run need (apt)
	@tools/apt.sh need $(GROUP_BUILD)

.PHONY: test-deps
test-deps: ## installs what the tests need (apt, npm)
	@tools/apt.sh need test
	@tools/sdk.sh

.PHONY: clean
clean: ## removes build/
	rm -rf --one-file-system $(BUILD)


##@ Test

TEST = tools/test.pl $(if $(VERBOSE),--verbose)

.PHONY: test
test: ## installs what is missing, builds, runs every test
	@tools/apt.sh need $(GROUP_BUILD)
	$(SUBMAKE) test-deps
	$(SUBMAKE) build unit-programs
	@$(TEST) $(TESTS)

.PHONY: unit
unit: unit-programs ## the unit tests alone
	@$(TEST) $(or $(TESTS),$(UNIT_SRCS))

.PHONY: test-recorded
test-recorded: ## recorded replies of real providers, for clients of all kinds
	@tools/apt.sh need $(GROUP_BUILD)
	$(SUBMAKE) test-deps
	$(SUBMAKE) build
	@t/recorded/run $(TESTS)

.PHONY: asan
asan: ## the same tests on nginx rebuilt with ASAN and UBSAN (clang)
	@tools/apt.sh need build clang
	$(SUBMAKE) test-deps
	@MAKE="$(MAKE)" tools/asan.sh $(TESTS)

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZ_SECONDS each (clang, libFuzzer)
	@tools/apt.sh need build clang
	$(SUBMAKE) fuzz-programs
	@tools/fuzz.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(notdir $(FUZZ_PROGRAMS))

.PHONY: soak
soak: build ## long streams and slow readers, memory must stay flat
	@t/soak/run

.PHONY: bench
bench: build ## the gateway beside plain proxy_pass, as a table of ratios
	@t/bench/run

.PHONY: matrix
matrix: ## the tests on nginx of Debian 12, 13 and sid (debootstrap, root)
	@tools/apt.sh need matrix
	@tools/matrix.sh $(SUITES)

.PHONY: lint
lint: lint-test ## floors, style, docs against the tables
	@tools/lint.pl

.PHONY: lint-test
lint-test: ## shows that each check of lint can fail
	@tools/apt.sh need lint
	@tools/lint-test.pl

.PHONY: docs
docs: ## writes the provider table into README.md
	@tools/vendors.pl --readme README.md


# Unit tests and fuzz targets: the pure floors in an archive, nginx's core
# replaced by t/unit/ngx_shim.c, all of it with sanitizers.

PURE := base chat dialect provider policy
PURE_SRCS := $(sort $(foreach f,$(PURE),$(wildcard $(ROOT)/src/$(f)/*.c)))
UNIT_SRCS := $(filter-out t/unit/ngx_shim.c,$(sort $(wildcard t/unit/*.c)))
FUZZ_SRCS := $(sort $(wildcard t/fuzz/*.c))

UNIT_PROGRAMS := $(UNIT_SRCS:t/unit/%.c=$(BUILD)/unit/%)
FUZZ_PROGRAMS := $(FUZZ_SRCS:t/fuzz/%.c=$(BUILD)/fuzz/%)

PURE_INCS := $(PURE:%=-I$(ROOT)/src/%) -I$(ROOT)/t/unit \
             $(addprefix -isystem $(NGX_TREE)/src/,core event event/modules \
                                                   event/quic os/unix) \
             -isystem $(NGX_OUT)
PURE_LIBS := -lyajl -lcrypto -lm

SANITIZE := -fno-omit-frame-pointer -fno-sanitize-recover=all \
            -fno-sanitize=alignment
PURE_CFLAGS := -g -O1 -W -Wall -Wpointer-arith -Wno-unused-parameter \
               -Werror -Wno-maybe-uninitialized -Wno-string-concatenation \
               -Wno-unknown-warning-option \
               $(SANITIZE) $(PURE_INCS) -MMD -MP

.PHONY: unit-programs
unit-programs: $(UNIT_PROGRAMS)
	@:

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)
	@:

# $(1): unit or fuzz, $(2): compiler, $(3): its sanitizers, $(4): the programs,
# $(5): what else links them

define pure_rules

$(1)_OBJ := $$(BUILD)/$(1)/obj
$(1)_PURE := $$(PURE_SRCS:$$(ROOT)/%.c=$$($(1)_OBJ)/%.o)
$(1)_SHIM := $$($(1)_OBJ)/t/unit/ngx_shim.o
$(1)_MAIN := $$(patsubst $$(BUILD)/$(1)/%,$$($(1)_OBJ)/t/$(1)/%.o,$(4))

$$($(1)_PURE) $$($(1)_SHIM) $$($(1)_MAIN): $$($(1)_OBJ)/%.o: $$(ROOT)/%.c \
                                           $$(NGX_OUT)/settings \
                                           | $$(NGX_OUT)/Makefile
	@mkdir -p $$(@D)
	@echo "$(2) $$*.c"
	@$(2) $(3) $$(PURE_CFLAGS) -c -o $$@ $$<

$$($(1)_OBJ)/pure.a: $$($(1)_PURE)
	@rm -f $$@
	@ar rcs $$@ $$^

$(4): $$(BUILD)/$(1)/%: $$($(1)_OBJ)/t/$(1)/%.o $$($(1)_SHIM) \
                        $$($(1)_OBJ)/pure.a
	@$(2) $(3) $(5) -o $$@ $$^ $$(PURE_LIBS)

-include $$(patsubst %.o,%.d,$$($(1)_PURE) $$($(1)_SHIM) $$($(1)_MAIN))

endef

SANITIZERS := -fsanitize=address,undefined

$(eval $(call pure_rules,unit,$(CC),$(SANITIZERS),$(UNIT_PROGRAMS)))
$(eval $(call pure_rules,fuzz,clang,$(SANITIZERS) \
    -fsanitize=fuzzer-no-link,$(FUZZ_PROGRAMS),-fsanitize=fuzzer))


##@ Help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' ' \
	    /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' \
	    $(MAKEFILE_LIST)
	@sed -n 's/^#   /  /p; /^ROOT/q' Makefile | sed '1s/^/\nSettings\n/'
