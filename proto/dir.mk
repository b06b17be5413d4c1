# The published proto is idiomatic proto3; protoc-c refuses its `optional`,
# so it reads a copy in which each optional member is a one-member oneof:
# the same bytes on the wire.
proto_names := bgp
proto_hdr := $(proto_names:%=$(GEN)/proto/%.pb-c.h)
proto_gen := $(proto_names:%=$(GEN)/proto/%.pb-c.c)

.SECONDARY: $(proto_gen) $(proto_names:%=$(GEN)/c/proto/%.proto)
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

# Stubs for the test clients in Python: proto.bgp_pb2, proto.bgp_pb2_grpc
# below $(GEN)/py.
proto_py := $(proto_names:%=$(GEN)/py/proto/%_pb2.py)
$(GEN)/py/proto/%_pb2.py: proto/%.proto
	@mkdir -p $(@D)
	@echo "  PROTO $@"
	$(Q)protoc -I. --python_out=$(GEN)/py --grpc_python_out=$(GEN)/py \
	    --plugin=protoc-gen-grpc_python=$$(command -v grpc_python_plugin) $<
.PHONY: proto-py
proto-py: $(proto_py)
