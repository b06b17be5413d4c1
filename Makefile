# SPDX-License-Identifier: ISC
#
# One make process, no recursion.  A directory of the suite is a library of
# its *.c files plus, where it is a program, main.c; its dir.mk says which.
#
#   make [BUILD=release|debug|asan|coverage|fuzz] [CC=gcc|clang]
#   make check lint fuzz bench run lab install clean

VERSION := 0.1.0

BUILD ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
AR ?= ar
PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec/bgpgg
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions
FISHCOMPDIR ?= $(DATADIR)/fish/vendor_completions.d
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
EMPTYDIR ?= $(if $(filter /usr,$(PREFIX)),/run/bgpgg/empty,$(PREFIX)/var/empty/bgpgg)

flags_release := -O2 -g -DNDEBUG -D_FORTIFY_SOURCE=2
flags_debug := -O0 -g3
flags_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
    -fno-omit-frame-pointer
# Counts are written to files at the end, as no program of ours may otherwise.
flags_coverage := -O0 -g --coverage -DSANDBOX_TRACEABLE=1
flags_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize-recover=all -DFUZZING
ifeq ($(origin flags_$(BUILD)),undefined)
$(error BUILD=$(BUILD): choose release, debug, asan, coverage or fuzz)
endif
ifeq ($(BUILD),fuzz)
override CC := clang
endif

# A compiler other than gcc builds beside it, so that both stay warm.
B := build/$(BUILD)$(if $(findstring clang,$(CC)),$(if \
    $(filter fuzz,$(BUILD)),,-clang))
GEN := build/gen

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
    -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
    -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough
CPPFLAGS += -D_GNU_SOURCE -DBGPGG_VERSION='"$(VERSION)"' -I. -isystem $(GEN)
CFLAGS += -std=c11 $(WARN) $(flags_$(BUILD)) -fPIE -fstack-protector-strong
LDFLAGS += $(filter -fsanitize% -fno-sanitize% --coverage,$(flags_$(BUILD))) \
    -pie -Wl,-z,relro,-z,now -Wl,--as-needed

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.PHONY: all check unit lint fuzz bench run install clean demo deb \
    package-test lab lab-stop
all:

# $(call lib,DIR): $(B)/lib/libDIR.a of DIR/*.c but main.c
define lib_rule
$(1)_src := $$(filter-out $(1)/main.c,$$(wildcard $(1)/*.c)) $$($(1)_extra)
$(1)_obj := $$(patsubst %.c,$(B)/obj/%.o,$$($(1)_src))
$(B)/lib/lib$(1).a: $$($(1)_obj)
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)$(AR) rcs $$@ $$^
objs += $$($(1)_obj)
endef
lib = $(eval $(call lib_rule,$(1)))

# $(call prog,DIR,OUTPUT,LIBS,LDLIBS): DIR/main.c and libraries
define prog_rule
$(B)/$(2): $(B)/obj/$(1)/main.o $(foreach l,$(3),$(B)/lib/lib$(l).a)
	@mkdir -p $$(@D)
	@echo "  LD $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ $(4)
objs += $(B)/obj/$(1)/main.o
progs += $(B)/$(2)
endef
prog = $(eval $(call prog_rule,$(1),$(2),$(3),$(4)))

ifneq ($(V),1)
Q := @
endif

include proto/dir.mk
include common/dir.mk bgpd/dir.mk sessiond/dir.mk rde/dir.mk apid/dir.mk \
    bgpctl/dir.mk
include regress/dir.mk

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_$(firstword $(subst /, ,$<))) \
	    -MMD -MP -c -o $@ $<

-include $(objs:.o=.d)

# The tree under build/ has the shape of an installed one, so it runs from
# where it stands.
all: $(progs)

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(DATADIR)/bgpgg/proto/bgpgg/v1 \
	    $(DESTDIR)$(DATADIR)/doc/bgpgg \
	    $(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR) \
	    $(DESTDIR)$(FISHCOMPDIR) $(DESTDIR)$(SYSCONFDIR)/bgpgg $(DESTDIR)$(EMPTYDIR)
	install -m 755 $(B)/sbin/bgpd $(B)/sbin/bgpctl $(DESTDIR)$(SBINDIR)
	install -m 755 $(B)/libexec/bgpgg/sessiond $(B)/libexec/bgpgg/rde \
	    $(B)/libexec/bgpgg/apid $(DESTDIR)$(LIBEXECDIR)
	install -m 644 man/*.8 $(DESTDIR)$(MANDIR)/man8
	install -m 644 man/*.5 $(DESTDIR)$(MANDIR)/man5
	install -m 644 proto/bgp.proto $(DESTDIR)$(DATADIR)/bgpgg/proto
	install -m 644 proto/bgpgg/v1/*.proto \
	    $(DESTDIR)$(DATADIR)/bgpgg/proto/bgpgg/v1
	install -m 644 etc/completion/bgpctl.bash $(DESTDIR)$(BASHCOMPDIR)/bgpctl
	install -m 644 etc/completion/_bgpctl $(DESTDIR)$(ZSHCOMPDIR)
	install -m 644 etc/completion/bgpctl.fish $(DESTDIR)$(FISHCOMPDIR)
	install -m 644 README.md ARCHITECTURE.md LICENSE $(wildcard doc/*.md) \
	    $(DESTDIR)$(DATADIR)/doc/bgpgg
	install -D -m 644 etc/bgpd.yaml \
	    $(DESTDIR)$(DATADIR)/doc/bgpgg/examples/bgpd.yaml
	install -d $(DESTDIR)$(DATADIR)/doc/bgpgg/examples/init
	install -m 755 etc/init/reload $(DESTDIR)$(LIBEXECDIR)
	install -m 644 $(wildcard etc/init/bgpgg.* etc/init/*.conf) \
	    $(DESTDIR)$(DATADIR)/doc/bgpgg/examples/init
	cd doc && find examples grafana lab recipes -type f | while read -r f; do \
	    install -D -m $$(test -x "$$f" && echo 755 || echo 644) "$$f" \
	    $(DESTDIR)$(DATADIR)/doc/bgpgg/"$$f" || exit 1; done
	test -e $(DESTDIR)$(SYSCONFDIR)/bgpgg/bgpd.yaml || \
	    install -m 640 etc/bgpd.yaml $(DESTDIR)$(SYSCONFDIR)/bgpgg/bgpd.yaml

# The Debian package, in build/deb: made in a copy, since it writes where it
# stands.
deb:
	rm -rf build/deb
	mkdir -p build/deb/bgpgg
	tar -cf - --exclude=./build --exclude=./.git --exclude=__pycache__ . | \
	    tar -xf - -C build/deb/bgpgg
	cd build/deb/bgpgg && env -u MAKEFLAGS -u MAKELEVEL \
	    dpkg-buildpackage -b -us -uc
	rm -rf build/deb/bgpgg
	@ls build/deb/*.deb

# Takes root and a Debian mirror, and some minutes.
package-test:
	regress/package/run

run: all
	$(B)/sbin/bgpd -d -f etc/bgpd.yaml

# Routers in network namespaces, see doc/lab.md.
ROUTERS ?= 10
lab: all
	BGPGG=$(CURDIR)/$(B) doc/lab/lab start $(ROUTERS)
lab-stop:
	doc/lab/lab stop

clean:
	rm -rf build
