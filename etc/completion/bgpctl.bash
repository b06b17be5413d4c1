# SPDX-License-Identifier: ISC
#
# Completion of bgpctl for bash.  What the words are, "bgpctl complete" says,
# from the table that parses them; neighbors are those of the daemon that the
# options name.

_bgpctl_neighbors() {
	timeout 2 "$@" -j show summary 2>/dev/null |
	    grep -o '"address":"[^"]*"' | cut -d '"' -f 4
}

_bgpctl() {
	local cur prev words cword i word help
	local -a ctl rest

	# An IPv6 address is one word.
	_get_comp_words_by_ref -n : cur prev words cword
	ctl=("${words[0]}")
	COMPREPLY=()
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		-[Cckst])
			ctl+=("${words[i]}" "${words[++i]}")
			;;
		-[Cckst]* | -j) ctl+=("${words[i]}") ;;
		-*) ;;
		*) break ;;
		esac
	done
	if ((i > cword)); then
		# The value of an option.
		[[ $prev == -s ]] || compopt -o default
		return
	fi
	if ((i == cword)) && [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
		    '-C -c -h -j -k -s -t -V' -- "$cur")
		return
	fi
	rest=("${words[@]:i:cword - i}" "$cur")
	while IFS=$'\t' read -r word help; do
		case $word in
		@NEIGHBOR)
			while read -r word; do
				[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
			done < <(_bgpctl_neighbors "${ctl[@]}")
			;;
		@FILE) compopt -o default ;;
		@*) ;;
		*) COMPREPLY+=("$word") ;;
		esac
	done < <("${words[0]}" complete "${rest[@]}" 2>/dev/null)
	__ltrim_colon_completions "$cur"
}

complete -F _bgpctl bgpctl
