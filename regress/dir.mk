# Unit tests: one program a module, regress/unit/DIR/MODULE_test.c, linked
# with libDIR and libcommon.
unit_src := $(wildcard regress/unit/*/*_test.c)
unit_bin := $(unit_src:%.c=$(B)/%)
unit_dir = $(word 3,$(subst /, ,$(1)))
unit_libs_apid := apid proto
unit_libs_bgpctl := bgpctl proto
unit_ld_apid := -lgrpc -lgpr -lprotobuf-c -levent_core -levent_openssl -lssl \
    -lcrypto -lpthread
unit_ld_bgpctl := $(unit_ld_apid)
unit_ld_bgpd := -lyaml -lcrypto

define unit_rule
$(B)/$(1:.c=): $(B)/obj/$(1:.c=.o) $(foreach l,$(or $(unit_libs_$(call unit_dir,$(1))),$(call unit_dir,$(1))),$(B)/lib/lib$(l).a) $(B)/lib/libcommon.a
	@mkdir -p $$(@D)
	@echo "  LD $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ $(unit_ld_$(call unit_dir,$(1))) -lcheck -lsubunit -lrt -lm -lpthread -levent_core \
	    -lpcre2-8
objs += $(B)/obj/$(1:.c=.o)
endef
$(foreach s,$(unit_src),$(eval $(call unit_rule,$(s))))

# These run a real program beside them.
$(B)/regress/unit/rde/shell_test: | $(B)/libexec/bgpgg/rde

unit: $(unit_bin)
	@regress/run-unit $(unit_bin)

# Fuzz entries (BUILD=fuzz): regress/fuzz/NAME_fuzz.c, linked with libcommon
# and what fuzz_libs_NAME and fuzz_ld_NAME add.
fuzz_libs_yaml := bgpd
fuzz_ld_yaml := -lyaml -lcrypto
fuzz_libs_loaded := bgpd
fuzz_ld_loaded := -lyaml -lcrypto
fuzz_libs_rde := rde
fuzz_libs_api := apid proto
fuzz_ld_api := -lprotobuf-c -lcrypto
fuzz_src := $(wildcard regress/fuzz/*_fuzz.c)
fuzz_bin := $(fuzz_src:%.c=$(B)/%)
fuzz_name = $(patsubst regress/fuzz/%_fuzz.c,%,$(1))

define fuzz_rule
$(B)/$(1:.c=): $(B)/obj/$(1:.c=.o) $(foreach l,$(fuzz_libs_$(call fuzz_name,$(1))),$(B)/lib/lib$(l).a) $(B)/lib/libcommon.a
	@mkdir -p $$(@D)
	@echo "  LD $$@"
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $(fuzz_ld_$(call fuzz_name,$(1))) -levent_core \
	    -lpcre2-8
objs += $(B)/obj/$(1:.c=.o)
endef
$(foreach s,$(fuzz_src),$(eval $(call fuzz_rule,$(s))))
fuzz-bin: $(fuzz_bin)

# make fuzz [FUZZ_SECONDS=30]
FUZZ_SECONDS ?= 30
fuzz:
	@$(MAKE) BUILD=fuzz fuzz-bin
	@regress/run-fuzz $(FUZZ_SECONDS)

-include regress/bench/dir.mk
-include regress/integ/dir.mk
-include regress/lint/dir.mk
