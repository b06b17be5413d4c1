# Structure of the tree, checked by machine.
lint: $(proto_hdr)
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' regress/lint/lint
