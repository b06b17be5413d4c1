# The load tool and the benchmark; rules of their own, since the tool shares
# no code with the suite.
bench_src := wire table mrt full session usage abuse policy flap beside \
    latency load same silence
bench_obj := $(bench_src:%=$(B)/obj/regress/bench/%.o)
bgpload := $(B)/regress/bench/bgpload

$(bgpload): $(bench_obj) $(B)/obj/regress/bench/bgpload.o
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lm -lpthread
objs += $(bench_obj) $(B)/obj/regress/bench/bgpload.o

# The load of the programming interface.
apiload := $(B)/regress/bench/apiload
$(apiload): $(B)/obj/regress/bench/apiload.o
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lgrpc -lgpr -lpthread
objs += $(B)/obj/regress/bench/apiload.o

# make bench [QUICK=1] [FULL=1] [LOADS=1,3] [RUNS=3] [DAEMONS=ours,bird]
#	[SCALE=0.5] [BGPGG_DATA=DIR]
# Loads 1 to 12, growth; LOADS=costs: where a prefix's time and memory goes,
# with DOCUMENT=ARCHITECTURE.md put there.
# LOADS=api [ROUTES=1000000]: the programming interface beside GoBGP's, by
# DAEMONS=ours,gobgp; FULL has it too.
# LOADS=bmp: S1 beside itself with a BMP collector that reads and with one that
# stalls; FULL has it too.
# LOADS=policy (or policy1 to policy5): routes through filters, and changes of
# these, beside BIRD and OpenBGPD.
bench: all $(bgpload) $(apiload) rde_micro
	@mkdir -p build/bench
	regress/bench/bench --build $(B) $(if $(QUICK),--quick) \
	    $(if $(FULL),--full) $(if $(LOADS),--loads $(LOADS)) \
	    $(if $(RUNS),--runs $(RUNS)) $(if $(DAEMONS),--daemons $(DAEMONS)) \
	    $(if $(ROUTES),--routes $(ROUTES)) $(if $(SCALE),--scale $(SCALE)) \
	    $(if $(DOCUMENT),--document $(DOCUMENT)) \
	    || true
.PHONY: bench bgpload
bgpload: $(bgpload)

$(B)/regress/bench/bgpload_test: $(bench_obj) \
    $(B)/obj/regress/bench/bgpload_test.o
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcheck -lsubunit -lrt -lm -lpthread
objs += $(B)/obj/regress/bench/bgpload_test.o
unit_bin += $(B)/regress/bench/bgpload_test
unit: $(B)/regress/bench/bgpload_test
# Small forms of the loads are integration tests.
unit: $(bgpload) $(apiload)

# The route engine in one process.  The load tool has names of its own that
# meet those of the suite, so all but one of them are hidden.
micro_gen := $(patsubst %,$(B)/obj/regress/bench/%.o,rde_micro_load wire table mrt)
$(B)/obj/regress/bench/rde_micro_gen.o: $(micro_gen)
	$(Q)ld -r -o $@.all $^
	$(Q)objcopy --keep-global-symbol=micro_load $@.all $@
	@rm -f $@.all
$(B)/regress/bench/rde_micro: $(B)/obj/regress/bench/rde_micro.o \
    $(B)/obj/regress/bench/rde_micro_gen.o $(B)/lib/librde.a \
    $(B)/lib/libcommon.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lm -lpthread -lpcre2-8
objs += $(B)/obj/regress/bench/rde_micro.o $(B)/obj/regress/bench/rde_micro_load.o
rde_micro: $(B)/regress/bench/rde_micro
.PHONY: rde_micro
