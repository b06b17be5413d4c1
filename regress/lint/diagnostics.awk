# SPDX-License-Identifier: ISC
#
# awk -f diagnostics.awk man/*.8 SOURCE...: what the programs say and what the
# manuals tell about it.  Each line that a log, or bgpctl, can show has an
# entry under DIAGNOSTICS of the manual of who says it (what common/ says: of
# any), and each entry there is something that is said.
#
#  - A message is the format of a call of the table below; a conversion stands
#    for anything.  An entry is a text as a reader sees it; its placeholders
#    stand where conversions are, "..." at its end for the rest of several.
#  - An entry belongs to the message with the most text in common, so that
#    "%s: %s" does not get along with the entries of others.
#  - A format that hands on what others have made, "%s" or a row's text around
#    it, may have an entry and needs none.
#  - Assertions, which begin with the name of a function, share one entry.
#  - Lines at debug level may have an entry, and so may texts that clients are
#    told; these are looked for among all strings.

# Calls in files `where` whose argument `arg` is the format of what is said,
# with what is put before and after it.  Only those count whose first argument
# matches `first`.  The manual is that of the directory, or one of `pages`.
function says(name, arg, where, first, before, after, pages) {
	row_name[++rows] = name
	row_arg[rows] = arg
	row_where[rows] = where
	row_first[rows] = first
	row_before[rows] = before
	row_after[rows] = after
	row_pages[rows] = pages
	quick = quick "|" name
	if (letters(plain(before after)) > 0)
		around[plain(before "%s" after)] = 1
}

BEGIN {
	quick = "\""
	reason = ": %s"
	place = "%s:%u:%u: "
	says("log_error", 1, "", "", "", reason)
	says("log_warn", 1, "", "", "", reason)
	says("log_errorx", 1)
	says("log_warnx", 1)
	says("log_info", 1)
	says("log_peer", 3, "", "ERROR|WARN|INFO")
	says("fatal", 1, "", "", "", reason)
	says("fatalx", 1)

	# what is handed on, to be said as "%s"
	says("err", 2, "^bgpd/main", "", "", reason)
	says("errx", 2, "^bgpd/main")
	says("err_set", 3,
	    "^bgpd/(call|child|paths|reload|socket|store)[.]", "", "", "",
	    "bgpd bgpctl")
	says("err_set", 3, "^(sessiond|rde)/conf[.]", "", "", "", "bgpd bgpctl")
	says("err_set", 3, "^common/sandbox[.]")
	says("child_kill", 2, "^bgpd/", "", "%s: ", ", killing it")
	says("add", 6, "^bgpd/conf_diff[.]", "", "%s: ")
	says("diag_error", 4, "^bgpd/(loader|secrets)[.]", "", place)
	says("diag_warn", 4, "^bgpd/", "", place "warning: ")
	says("finding", 4, "^bgpd/secrets[.]", "", place "%s: %s ")
	says("remark", 4, "^bgpd/secrets[.]", "", place "warning: %s: %s ")
	says("session_end_set", 5, "^sessiond/", "", "session closed: ")
	says("log_stranger", 3, "^sessiond/", "",
	    "connection from %s refused: ")
	says("snprintf", 3, "^common/log[.]", "^text$")
	says("fprintf", 2, "^common/proc[.]", "^stderr$")

	says("ctl_usage", 2, "^bgpctl/")
	says("fail", 3, "^bgpctl/cmd[.]")
	says("snprintf", 3, "^bgpctl/", "^(err|why)$")
	says("snprintf", 3, "^bgpctl/trial[.]", "^why$", "%s: ")
	says("fprintf", 2, "^bgpctl/", "err$")
	says("perror", 1, "^bgpctl/", "", "", reason)
}

FNR == 1 {
	close_call()
	part_count = split(FILENAME, part, "/")
	dir = part[1]
	in_list = in_comment = 0
	if (dir == "man") {
		page = part[part_count]
		sub(/[.][0-9]$/, "", page)
	}
	for (name in row_of)
		delete row_of[name]
	for (i = 1; i <= rows; i++)
		if (FILENAME ~ row_where[i])
			row_of[row_name[i]] = i
}

# --- manuals

dir == "man" && /^[.]Sh / { in_list = $2 == "DIAGNOSTICS" }

dir == "man" && in_list && (held != "" || /^[.]It /) {
	line = held $0
	held = ""
	if (line ~ /\\$/) {
		held = substr(line, 1, length(line) - 1)
		next
	}
	while (match(line, /"([^"]|"")*"/)) {
		text = substr(line, RSTART + 1, RLENGTH - 2)
		line = substr(line, RSTART + RLENGTH)
		gsub(/""|\\\(dq/, "\"", text)
		entry_text[++entries] = text
		entry_page[entries] = page
		entry_place[entries] = FILENAME ":" FNR
	}
}

# --- sources

dir != "man" { scan($0) }

# A token at a time; what is between calls and strings is passed over.
function scan(line,    column) {
	column = 1
	if (!in_call && !in_comment && line !~ quick && line !~ /\/[*]/) {
		text_end()
		return
	}
	for (; line != ""; line = substr(line, RLENGTH + 1)) {
		if (in_comment) {
			if (!match(line, /[*]\//))
				return
			RLENGTH += RSTART - 1
			in_comment = 0
		} else if (match(line, /^[ \t]+/)) {
			column = 2
			continue
		} else if (match(line, /^"([^"\\]|\\.)*"/))
			text_add(substr(line, 2, RLENGTH - 2))
		else if (match(line, /^'([^'\\]|\\.)+'/))
			text_end()
		else if (match(line, /^[A-Za-z_][A-Za-z_0-9]*/))
			word(substr(line, 1, RLENGTH),
			    substr(line, RLENGTH + 1, 1), column)
		else if (match(line, /^\/[*]/))
			in_comment = 1
		else {
			sign(substr(line, 1, 1))
			RLENGTH = 1
		}
		column = 2
	}
}

function text_add(s) {
	has_text = 1
	text_held = text_held s
}

# A string is whole; inside a call it may be a format, or one of two.
function text_end(    s) {
	if (!has_text)
		return
	s = plain(text_held)
	has_text = 0
	text_held = ""
	if (!(s in seen)) {
		seen[s] = 1
		strings[++string_count] = s
	}
	if (in_call && depth == 1 && arg == row_arg[in_call])
		formats[++format_count] = s
}

function word(w, follows, column) {
	if (has_text && w ~ /^PRI[diuxX]/) {
		text_held = text_held "u"
		return
	}
	text_end()
	if (in_call) {
		if (arg == 1)
			first_arg = first_arg w
		if (w == "__func__")
			has_func = 1
	} else if (w in row_of && follows == "(" && column > 1) {
		in_call = row_of[w]
		depth = arg = format_count = has_func = 0
		first_arg = ""
		call_place = FILENAME ":" FNR
	}
}

function sign(c) {
	text_end()
	if (!in_call)
		return
	if (c == "(") {
		if (++depth == 1)
			arg = 1
	} else if (c == ")") {
		if (--depth == 0)
			close_call()
	} else if (c == "," && depth == 1)
		arg++
	else if (arg == 1)
		first_arg = first_arg c
}

function close_call(    i, f, r, handing) {
	text_end()
	r = in_call
	in_call = 0
	if (!r || (row_first[r] != "" && first_arg !~ row_first[r]))
		return
	for (i = 1; i <= format_count; i++) {
		f = formats[i]
		handing = row_before[r] != "" && letters(f) == 0
		if (has_func && f ~ /^\001: /)
			f = "FUNCTION: ..."
		else
			f = plain(row_before[r]) f plain(row_after[r])
		if (f == "" || f == "\001")
			continue
		if ((dir, row_pages[r], f) in known)
			continue
		known[dir, row_pages[r], f] = 1
		message[++messages] = f
		message_place[messages] = call_place
		if (handing || f in around)
			told[messages] = 1 # by the entries of what is in it
		message_pages[messages] = dir
		if (row_pages[r] != "")
			message_pages[messages] = row_pages[r]
		else if (dir == "common")
			message_pages[messages] = "bgpd sessiond rde apid"
	}
}

# A format as text, with a mark for each conversion.
function plain(f) {
	gsub(/%[-+ #0]*([0-9]+|[*])?([.]([0-9]+|[*]))?(hh?|ll?|z|j|t)?[a-zA-Z]/,
	    "\001", f)
	gsub(/%%/, "%", f)
	gsub(/\\n/, "", f)
	gsub(/\\"/, "\"", f)
	sub(/^bgpctl: /, "", f)
	gsub(/\001+/, "\001", f)
	return f
}

# --- holding them together

function letters(s) {
	return gsub(/[A-Za-z]/, "", s)
}

# Is this text made by the format?
function makes(f, text,    n, i, at, c) {
	n = split(f, c, "\001")
	if (n < 2)
		return f == text
	if (c[1] != "" && index(text, c[1]) != 1)
		return 0
	text = substr(text, length(c[1]) + 1)
	for (i = 2; i < n; i++) {
		if (c[i] == "")
			continue
		at = index(text, c[i])
		if (at == 0)
			return 0
		text = substr(text, at + length(c[i]))
	}
	return length(text) >= length(c[n]) &&
	    substr(text, length(text) - length(c[n]) + 1) == c[n]
}

# Is the entry one of this message?  0, or how much text they have in common.
# A format of signs alone makes nothing that has words.
function fits(f, text,    bare) {
	if (letters(f) == 0 && text ~ /[a-z]/)
		return 0
	bare = text
	if (sub(/^peer ADDRESS: /, "", bare) && makes(f, bare))
		return weight(f) + length("peer : ")
	if (makes(f, text))
		return weight(f) + 1
	return is_open(text) && index(f, cut(text)) == 1
}

# An entry for all that begins so.
function is_open(text) {
	return text ~ /[.][.][.]$/
}

function cut(text) {
	return substr(text, 1, length(text) - 3)
}

function of_page(m, page) {
	return index(" " message_pages[m] " ", " " page " ") > 0
}

# What is told to clients, or at debug level: half of it is to be the string's.
function said_somewhere(text,    i, f, bare) {
	bare = text
	sub(/^[A-Z]+: /, "", bare)
	for (i = 1; i <= string_count; i++) {
		f = strings[i]
		if (2 * length(f) >= length(bare) &&
		    (fits(f, text) || fits(f, bare)))
			return 1
	}
	return 0
}

# How much text there is besides what conversions make.
function weight(f) {
	gsub(/\001/, "", f)
	return length(f)
}

function shown(f) {
	gsub(/\001/, "%", f)
	return f
}

END {
	close_call()
	for (e = 1; e <= entries; e++) {
		best = 0
		for (m = 1; m <= messages; m++) {
			hit[m] = 0
			if (of_page(m, entry_page[e]))
				hit[m] = fits(message[m], entry_text[e])
			if (hit[m] > best)
				best = hit[m]
		}
		for (m = 1; best > 0 && m <= messages; m++)
			if (hit[m] == best)
				told[m] = 1
		if (best == 0 && !said_somewhere(entry_text[e])) {
			print entry_place[e] ": nothing says \"" \
			    entry_text[e] "\""
			bad = 1
		}
	}
	for (m = 1; m <= messages; m++)
		if (!(m in told)) {
			gsub(/ /, " or ", message_pages[m])
			print message_place[m] ": \"" shown(message[m]) \
			    "\" is not in the manual of " message_pages[m]
			bad = 1
		}
	if (messages < 200 || entries < 100) {
		print "only " messages + 0 " messages, " entries + 0 " entries"
		bad = 1
	}
	exit bad
}
