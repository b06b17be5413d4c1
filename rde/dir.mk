$(call lib,rde)
$(call prog,rde,libexec/bgpgg/rde,rde common,-levent_core -lpcre2-8)
