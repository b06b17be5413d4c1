$(call lib,bgpctl)
$(call prog,bgpctl,sbin/bgpctl,bgpctl common proto,-lgrpc -lgpr -lprotobuf-c -lpthread -lpcre2-8)
$(bgpctl_obj) $(B)/obj/bgpctl/main.o: $(proto_hdr)
$(patsubst %.c,$(B)/obj/%.o,$(wildcard regress/unit/apid/*.c \
    regress/unit/bgpctl/*.c)): $(proto_hdr)
