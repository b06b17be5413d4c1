$(call lib,bgpd)
$(call prog,bgpd,sbin/bgpd,bgpd common,-lyaml -levent_core)
