# The published protos are idiomatic proto3; protoc-c refuses their `optional`,
# so it reads copies in which each optional member is a one-member oneof: the
# same bytes on the wire.
proto_names := bgp bgpgg/v1/config bgpgg/v1/metrics bgpgg/v1/policy \
    bgpgg/v1/route grpc/health/v1/health grpc/reflection/v1/reflection
proto_hdr := $(proto_names:%=$(GEN)/proto/%.pb-c.h)
proto_gen := $(proto_names:%=$(GEN)/proto/%.pb-c.c)
proto_copy := $(proto_names:%=$(GEN)/c/proto/%.proto)

.SECONDARY: $(proto_gen) $(proto_copy)
$(GEN)/c/proto/%.proto: proto/%.proto proto/optional.awk
	@mkdir -p $(@D)
	$(Q)awk -f proto/optional.awk $< > $@

# All copies first: one may import another.
$(GEN)/proto/%.pb-c.c $(GEN)/proto/%.pb-c.h &: $(GEN)/c/proto/%.proto \
    | $(proto_copy)
	@mkdir -p $(@D)
	@echo "  PROTO $<"
	$(Q)cd $(GEN)/c && protoc-c --c_out=.. proto/$*.proto

$(B)/obj/gen/%.pb-c.o: $(GEN)/proto/%.pb-c.c $(proto_hdr)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=c11 $(flags_$(BUILD)) -fPIE -w -c -o $@ $<

# What reflection serves: the descriptors of every published service.  The
# messages of reflection's package v1alpha are those of v1.
proto_alpha := grpc/reflection/v1alpha/reflection
$(GEN)/r/proto/$(proto_alpha).proto: proto/grpc/reflection/v1/reflection.proto
	@mkdir -p $(@D)
	$(Q)sed 's/\(reflection[._]\)v1;/\1v1alpha;/; s/reflection_v1"/reflection_v1alpha"/' \
	    $< > $@

$(GEN)/r/descriptors.pb: $(proto_names:%=proto/%.proto) \
    $(GEN)/r/proto/$(proto_alpha).proto
	@mkdir -p $(@D)
	$(Q)protoc -I. -I$(GEN)/r --include_imports --descriptor_set_out=$@ \
	    $(proto_names:%=proto/%.proto) proto/$(proto_alpha).proto

$(GEN)/proto/descriptors.c: $(GEN)/r/descriptors.pb
	@mkdir -p $(@D)
	@echo "  PROTO $@"
	$(Q){ echo '#include "apid/descriptors.h"'; \
	    echo 'const uint8_t descriptors[] = {'; \
	    od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g'; echo '};'; \
	    echo 'const size_t descriptors_len = sizeof(descriptors);'; } > $@

$(B)/obj/gen/descriptors.o: $(GEN)/proto/descriptors.c apid/descriptors.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=c11 $(flags_$(BUILD)) -fPIE -c -o $@ $<

$(B)/lib/libproto.a: $(proto_names:%=$(B)/obj/gen/%.pb-c.o) \
    $(B)/obj/gen/descriptors.o
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# Stubs for the test clients in Python: proto.bgp_pb2, proto.bgp_pb2_grpc and
# so on below $(GEN)/py.
proto_py := $(proto_names:%=$(GEN)/py/proto/%_pb2.py)
$(GEN)/py/proto/%_pb2.py: proto/%.proto
	@mkdir -p $(@D)
	@echo "  PROTO $@"
	$(Q)protoc -I. --python_out=$(GEN)/py --grpc_python_out=$(GEN)/py \
	    --plugin=protoc-gen-grpc_python=$$(command -v grpc_python_plugin) $<
.PHONY: proto-py
proto-py: $(proto_py)
