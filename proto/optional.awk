# SPDX-License-Identifier: ISC
#
# Rewrites a proto3 file for protoc-c, which knows no `optional`:
#   optional T name = N;  ->  oneof _name { T name = N; }   for scalars, enums
#   optional M name = N;  ->  M name = N;                   for messages
# The bytes on the wire are the same.  Service blocks are left out: the
# stubs that protoc-c makes of them are not used.
{
	line[NR] = $0
	if ($1 == "message")
		is_message[$2] = 1
}

END {
	for (i = 1; i <= NR; i++) {
		if (line[i] ~ /^service /) {
			while (line[i] !~ /^}/)
				i++
			continue
		}
		if (match(line[i], /^ *optional +/)) {
			rest = substr(line[i], RLENGTH + 1)
			split(rest, word, " ")
			if (word[1] in is_message) {
				print "  " rest
				continue
			}
			stop = index(rest, ";")
			print "  oneof _" word[2] " { " substr(rest, 1, stop) \
			    " }" substr(rest, stop + 1)
			continue
		}
		print line[i]
	}
}
