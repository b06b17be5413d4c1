$(call lib,sessiond)
$(call prog,sessiond,libexec/bgpgg/sessiond,sessiond common,-levent_core)
