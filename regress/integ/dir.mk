# Integration tests: the programs of $(B) beside real neighbours.
.PHONY: integ
integ: all proto-py
	regress/neighbours/fetch build/neighbours bird frr gobgp openbgpd exabgp \
	    pmacct
	-regress/neighbours/fetch build/neighbours prometheus
	BUILD=$(notdir $(B)) regress/integ/run $(TESTS)

check: unit integ
