# SPDX-License-Identifier: ISC
#
# awk -f catalogue.awk common/msg.h SOURCE...: each message of the catalogue
# has an entry [MSG_NAME] in a handler table of every process that may
# receive it, and a handler table has no entry that the catalogue does not
# send there.

FNR == 1 { split(FILENAME, part, "/"); dir = part[1] }

FILENAME ~ /common\/msg\.h$/ && /^[ \t]*M\([A-Z_]+,/ {
	line = $0
	gsub(/[ \t]/, "", line)
	sub(/^M\(/, "", line)
	split(line, f, ",")
	names[++count] = f[1]
	to[f[1]] = procs(f[3])
	next
}

dir != "common" {
	rest = $0
	while (match(rest, /\[MSG_[A-Z_]+\]/)) {
		name = substr(rest, RSTART + 5, RLENGTH - 6)
		handled[name, dir] = 1
		where[name, dir] = FILENAME ":" FNR
		rest = substr(rest, RSTART + RLENGTH)
	}
}

function procs(text,    s) {
	s = ""
	if (text ~ /P_CHILDREN/)
		s = "sessiond rde apid"
	if (text ~ /P_BGPD/)
		s = s " bgpd"
	if (text ~ /P_SESSIOND/)
		s = s " sessiond"
	if (text ~ /P_RDE/)
		s = s " rde"
	if (text ~ /P_APID/)
		s = s " apid"
	return s
}

END {
	for (i = 1; i <= count; i++) {
		n = names[i]
		c = split(to[n], a, " ")
		for (j = 1; j <= c; j++) {
			ok[n, a[j]] = 1
			if (!((n, a[j]) in handled)) {
				print "common/msg.h: " n " has no handler in " a[j]
				bad = 1
			}
		}
	}
	for (k in handled) {
		split(k, p, SUBSEP)
		if (p[1] in to && !(k in ok)) {
			print where[k] ": " p[1] " is not for " p[2]
			bad = 1
		}
	}
	exit bad
}
