$(call lib,apid)
$(call prog,apid,libexec/bgpgg/apid,apid common proto,-lgrpc -lgpr -lprotobuf-c -levent_core \
    -levent_openssl -lssl -lcrypto -lpthread -lpcre2-8)
$(apid_obj) $(B)/obj/apid/main.o: $(proto_hdr)

# Tests of the client run the API process.
$(B)/regress/unit/bgpctl/client_test: | $(B)/libexec/bgpgg/apid
