# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of cprof, printed by: cprof --print bash
# shellcheck shell=bash
_cprof() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command word
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		record | top | report | export | diff | threads | serve | cache | doctor) command=$word && break ;;
		esac
	done
	local words
	case $command in
	record)
		case $prev in
		-p | --pid) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur") && return ;;
		-t | --tid) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur") && return ;;
		-C | --cpu) COMPREPLY=() && return ;;
		-u | --user) COMPREPLY=() && return ;;
		-G | --cgroup) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		-e | --event) COMPREPLY=() && return ;;
		-F | --freq) COMPREPLY=() && return ;;
		-c | --count) COMPREPLY=() && return ;;
		--call-graph) mapfile -t COMPREPLY < <(compgen -W "auto fp none" -- "$cur") && return ;;
		--budget) COMPREPLY=() && return ;;
		--max-depth) COMPREPLY=() && return ;;
		-d | --duration) COMPREPLY=() && return ;;
		-o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		--format) mapfile -t COMPREPLY < <(compgen -W "pprof folded svg html speedscope text csv json" -- "$cur") && return ;;
		--by) mapfile -t COMPREPLY < <(compgen -W "process thread pid tid cpu cgroup none" -- "$cur") && return ;;
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="-p --pid -t --tid -a --all-cpus -C --cpu -u --user -G --cgroup -e --event -F --freq -c --count --call-graph -g --stacks --no-kernel --no-user --no-scale --idle --no-fallback --budget --max-depth --full-names --trust --no-cache --debuginfod --java-perfmap --no-names -d --duration -o --output --format --timeline --by --inverted --no-annotations --exit-status --help --version -v --verbose -q --quiet --color --log-format "
		;;
	top)
		case $prev in
		-p | --pid) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur") && return ;;
		-t | --tid) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur") && return ;;
		-C | --cpu) COMPREPLY=() && return ;;
		-u | --user) COMPREPLY=() && return ;;
		-G | --cgroup) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		-e | --event) COMPREPLY=() && return ;;
		-F | --freq) COMPREPLY=() && return ;;
		-c | --count) COMPREPLY=() && return ;;
		--call-graph) mapfile -t COMPREPLY < <(compgen -W "auto fp none" -- "$cur") && return ;;
		--budget) COMPREPLY=() && return ;;
		--max-depth) COMPREPLY=() && return ;;
		--source-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="-p --pid -t --tid -a --all-cpus -C --cpu -u --user -G --cgroup -e --event -F --freq -c --count --call-graph -g --stacks --no-kernel --no-user --no-scale --idle --no-fallback --budget --max-depth --full-names --trust --no-cache --debuginfod --source-path --help --version -v --verbose -q --quiet --color --log-format "
		;;
	report)
		case $prev in
		--value) COMPREPLY=() && return ;;
		--by) mapfile -t COMPREPLY < <(compgen -W "process thread pid tid cpu cgroup none" -- "$cur") && return ;;
		--focus) COMPREPLY=() && return ;;
		--start) COMPREPLY=() && return ;;
		--end) COMPREPLY=() && return ;;
		--ignore) COMPREPLY=() && return ;;
		--peek) COMPREPLY=() && return ;;
		--list) COMPREPLY=() && return ;;
		--source-path) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		-n | --rows) COMPREPLY=() && return ;;
		--sort) mapfile -t COMPREPLY < <(compgen -W "self total" -- "$cur") && return ;;
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="--value --by --focus --start --end --ignore --full-names --trust --no-cache --top --tree --callers --peek --list --asm --source-path --heatmap --missing -n --rows --sort --json --csv --help --version -v --verbose -q --quiet --color --log-format "
		;;
	export)
		case $prev in
		--value) COMPREPLY=() && return ;;
		--by) mapfile -t COMPREPLY < <(compgen -W "process thread pid tid cpu cgroup none" -- "$cur") && return ;;
		--focus) COMPREPLY=() && return ;;
		--start) COMPREPLY=() && return ;;
		--end) COMPREPLY=() && return ;;
		--ignore) COMPREPLY=() && return ;;
		-o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		--format) mapfile -t COMPREPLY < <(compgen -W "pprof folded svg html speedscope text csv json" -- "$cur") && return ;;
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="--value --by --focus --start --end --ignore --full-names --trust --no-cache -o --output --format --inverted --no-annotations --help --version -v --verbose -q --quiet --color --log-format "
		;;
	diff)
		case $prev in
		--value) COMPREPLY=() && return ;;
		--by) mapfile -t COMPREPLY < <(compgen -W "process thread pid tid cpu cgroup none" -- "$cur") && return ;;
		--focus) COMPREPLY=() && return ;;
		--start) COMPREPLY=() && return ;;
		--end) COMPREPLY=() && return ;;
		--ignore) COMPREPLY=() && return ;;
		--normalize) COMPREPLY=() && return ;;
		--fail-above) COMPREPLY=() && return ;;
		-n | --rows) COMPREPLY=() && return ;;
		-o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		--format) mapfile -t COMPREPLY < <(compgen -W "svg html json text" -- "$cur") && return ;;
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="--value --by --focus --start --end --ignore --full-names --trust --no-cache --normalize --fail-above -n --rows --json -o --output --format --help --version -v --verbose -q --quiet --color --log-format "
		;;
	threads)
		case $prev in
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="-a --all --json --no-annotations --full-names --trust --no-cache --help --version -v --verbose -q --quiet --color --log-format "
		;;
	serve)
		case $prev in
		--listen) COMPREPLY=() && return ;;
		--token-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		--history) COMPREPLY=() && return ;;
		--history-rate) COMPREPLY=() && return ;;
		-e | --event) COMPREPLY=() && return ;;
		-F | --freq) COMPREPLY=() && return ;;
		--budget) COMPREPLY=() && return ;;
		--memory) COMPREPLY=() && return ;;
		--metrics-cgroups) COMPREPLY=() && return ;;
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="--listen --token-file --insecure --history --history-rate -e --event -F --freq --budget --memory --metrics-cgroups --java-perfmap --no-kernel --no-scale --full-names --trust --no-cache --debuginfod --help --version -v --verbose -q --quiet --color --log-format "
		;;
	cache)
		case $prev in
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="--debuginfod --json --help --version -v --verbose -q --quiet --color --log-format "
		;;
	doctor)
		case $prev in
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		esac
		words="--json --help --version -v --verbose -q --quiet --color --log-format "
		;;
	*)
		words="record top report export diff threads serve cache doctor --help --version -v --verbose -q --quiet --color --log-format "
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	if [[ -n $command && $cur != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -o filenames -F _cprof cprof
