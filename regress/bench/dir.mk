# The load tool and the benchmark; rules of their own, since the tool shares
# no code with the suite.
bench_src := wire table mrt session usage load
bench_obj := $(bench_src:%=$(B)/obj/regress/bench/%.o)
bgpload := $(B)/regress/bench/bgpload

$(bgpload): $(bench_obj) $(B)/obj/regress/bench/bgpload.o
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lm -lpthread
objs += $(bench_obj) $(B)/obj/regress/bench/bgpload.o

# make bench [QUICK=1] [FULL=1] [LOADS=1,3] [RUNS=3] [DAEMONS=ours,bird]
bench: all $(bgpload)
	@mkdir -p build/bench
	regress/bench/bench --build $(B) $(if $(QUICK),--quick) \
	    $(if $(FULL),--full) $(if $(LOADS),--loads $(LOADS)) \
	    $(if $(RUNS),--runs $(RUNS)) $(if $(DAEMONS),--daemons $(DAEMONS)) \
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
