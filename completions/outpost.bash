# bash completion for outpost(1)                           -*- shell-script -*-
# SPDX-License-Identifier: GPL-3.0-or-later

# Processes of this machine that have "wasmtime" in their command line, newest first.
_outpost_pids()
{
	local folder line
	for folder in /proc/[0-9]*; do
		{ IFS= read -r -d '' line <"$folder/cmdline"; } 2>/dev/null || continue
		[[ ${line##*/} == *wasmtime* ]] && printf '%s\n' "${folder#/proc/}"
	done
}

_outpost()
{
	local cur prev words cword
	_init_completion -s || return

	local sub=${words[1]} general='--batch --command= --json --color= --source= --quiet --no-init --pid= --args --help --version --sandbox --no-sandbox'
	case $prev in
	-x)
		_filedir
		return
		;;
	-e | -ex)
		COMPREPLY=($(compgen -W "$(outpost --dump-commands=bash 2>/dev/null | grep -v ' ')" -- "$cur"))
		return
		;;
	-p | -pid)
		COMPREPLY=($(compgen -W "$(_outpost_pids)" -- "$cur"))
		return
		;;
	--args | -args)
		_command_offset "$cword"
		return
		;;
	--color)
		COMPREPLY=($(compgen -W 'auto always never' -- "$cur"))
		return
		;;
	esac
	if ((cword == 1)); then
		COMPREPLY=($(compgen -W 'attach run core gcore stack inspect trace-calls guard allow deny -p --args --help --version' -- "$cur"))
		return
	fi
	if [[ $cur == -* ]]; then
		case $sub in
		core) general+=' --exe= --sysroot= --module=' ;;
		inspect) general+=' --functions --exe= --sysroot=' ;;
		stack) general+=' --no-locals --all --host --exe= --sysroot= --module=' ;;
		guard | run) general+=' --guard --on= --report= --core= --wasm-core= --once --keep --limit=' ;;
		trace-calls) general+=' --summary --count= --output=' ;;
		esac
		COMPREPLY=($(compgen -W "$general" -- "$cur"))
		[[ ${COMPREPLY-} == *= ]] && compopt -o nospace
		return
	fi
	case $sub in
	core)
		_filedir
		;;
	allow | deny)
		_filedir -d
		;;
	attach | gcore | stack | trace-calls | guard)
		COMPREPLY=($(compgen -W "$(_outpost_pids)" -- "$cur"))
		;;
	inspect)
		COMPREPLY=($(compgen -W "$(_outpost_pids)" -- "$cur"))
		_filedir cwasm
		;;
	run)
		_command_offset 2
		;;
	esac
} && complete -F _outpost outpost
