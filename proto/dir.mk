# The published proto is idiomatic proto3; protoc-c refuses its `optional`,
# so it reads a copy in which each optional member is a one-member oneof:
# the same bytes on the wire.
proto_names := bgp
proto_hdr := $(proto_names:%=$(GEN)/proto/%.pb-c.h)
proto_gen := $(proto_names:%=$(GEN)/proto/%.pb-c.c)

$(GEN)/c/proto/%.proto: proto/%.proto proto/optional.awk
	@mkdir -p $(@D)
	$(Q)awk -f proto/optional.awk $< > $@

$(GEN)/proto/%.pb-c.c $(GEN)/proto/%.pb-c.h &: $(GEN)/c/proto/%.proto
	@mkdir -p $(GEN)/proto
	@echo "  PROTO $<"
	$(Q)cd $(GEN)/c && protoc-c --c_out=.. proto/$*.proto

$(B)/obj/gen/%.pb-c.o: $(GEN)/proto/%.pb-c.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=c11 $(flags_$(BUILD)) -fPIE -w -c -o $@ $<

$(B)/lib/libproto.a: $(proto_names:%=$(B)/obj/gen/%.pb-c.o)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^
