# SPDX-License-Identifier: ISC
#
# Completion of bgpctl for fish.  What the words are, "bgpctl complete" says,
# from the table that parses them; neighbors are those of the daemon that the
# options name.

function __bgpctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l ctl $words[1]
    set -l program $words[1]
    set -e words[1]
    while set -q words[1]; and string match -q -- '-*' $words[1]
        if string match -qr -- '^-[Cckst]$' $words[1]
            set -a ctl $words[1] $words[2]
            set -e words[1]
        else if not string match -qr -- '^-[hV]' $words[1]
            set -a ctl $words[1]
        end
        set -e words[1]
    end
    $program complete $words "$current" 2>/dev/null | while read -d \t -l word help
        switch $word
            case '@NEIGHBOR'
                timeout 2 $ctl -j show summary 2>/dev/null |
                    string match -ra '"address":"[^"]*"' |
                    string replace -r '"address":"(.*)"' "\$1\t$help"
            case '@FILE'
                __fish_complete_path "$current" "$help"
            case '@*'
            case '*'
                printf '%s\t%s\n' $word $help
        end
    end
end

complete -c bgpctl -f -a '(__bgpctl_complete)'
complete -c bgpctl -s h -d 'list the commands'
complete -c bgpctl -s j -d 'print JSON'
complete -c bgpctl -s V -d 'print the version'
complete -c bgpctl -s s -x -d 'the daemon to talk to'
complete -c bgpctl -s C -r -F -d 'certificates of authorities'
complete -c bgpctl -s c -r -F -d 'the own certificate'
complete -c bgpctl -s k -r -F -d 'its key'
complete -c bgpctl -s t -r -F -d 'file of tokens'
