$(call lib,bgpd)
$(call prog,bgpd,sbin/bgpd,bgpd common,-lyaml -lcrypto -levent_core -lpcre2-8)
