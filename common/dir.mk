$(call lib,common)
