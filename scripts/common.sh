# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the shell scripts share: one way to fail, and steps with visible progress. Sourced, not run.
# Messages and progress go to stderr, so that stdout holds nothing but the result.

# Decimal points and the order of sorting must not depend on the user's language.
export LC_ALL=C.UTF-8
# shellcheck disable=SC2034  # the scripts that source this use it
COLLSCALE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Progress lines are rewritten on a terminal only; colour follows NO_COLOR (no-color.org) as well.
on_terminal=no
if [[ -t 2 && ${TERM-dumb} != dumb ]]; then on_terminal=yes; fi
bold='' green='' red='' plain=''
if [[ $on_terminal == yes && -z ${NO_COLOR-} ]]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

# die CODE SENTENCE
die() {
  local code=$1
  shift
  printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2
  exit "$code"
}

# unknown_flag FLAG KNOWN...: the known flag that shares the longest start is the likely one.
unknown_flag() {
  local flag=$1 known best='' length best_length=2
  shift
  for known in "$@"; do
    length=${#known}
    while ((length > 0)) && [[ $flag != "${known:0:length}"* ]]; do length=$((length - 1)); done
    if ((length > best_length)); then best=$known best_length=$length; fi
  done
  die 2 "unknown argument '$flag': expected one of $*${best:+ (did you mean $best?)}"
}

# need_value FLAG [VALUE]: an empty value is a variable that was never set, not a choice.
need_value() { [[ -n ${2-} ]] || die 2 "$1 needs a value, found nothing"; }

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
seconds_since() { # START_MS -> "12.3"
  local elapsed=$(($(now_ms) - $1))
  printf '%d.%d' $((elapsed / 1000)) $((elapsed % 1000 / 100))
}

step_number=0
step_total=0
step_child=''
step_begin() { # TITLE
  ((step_number += 1))
  step_title=$1
  step_start=$(now_ms)
  printf '%s[%d/%d]%s %s\n' "$bold" "$step_number" "$step_total" "$plain" "$step_title" >&2
}
step_end() { # REMARK
  printf '      %s%s%s  %s s\n' "$green" "${1:-done}" "$plain" "$(seconds_since "$step_start")" >&2
}

# The last line of a log, without control characters, cut to the width of the terminal.
last_line() { # LOG
  local width=${COLUMNS:-$(tput cols 2>/dev/null || echo 80)}
  tail -c 2000 "$1" 2>/dev/null | tr '\r' '\n' | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' |
    grep -v '^[[:space:]]*$' | tail -n 1 | cut -c "1-$((width - 16))"
}

# logged LOG COMMAND...: runs it with all its output in LOG, shows the last line and the seconds
# meanwhile, and returns its exit status. It looks once a second, so as not to disturb what is measured.
logged() {
  local log=$1 start shown=0 elapsed_ms status=0
  shift
  start=$(now_ms)
  "$@" >>"$log" 2>&1 </dev/null &
  step_child=$!
  while kill -0 "$step_child" 2>/dev/null; do
    elapsed_ms=$(($(now_ms) - start))
    if [[ $on_terminal == yes ]] && ((elapsed_ms >= shown + 1000)); then
      shown=$elapsed_ms
      printf '\r\e[K      %3d s  %s' $((elapsed_ms / 1000)) "$(last_line "$log")" >&2
    elif ((elapsed_ms >= shown + 10000)); then
      shown=$elapsed_ms
      printf '      %3d s  %s\n' $((elapsed_ms / 1000)) "$(last_line "$log")" >&2
    fi
    if ((elapsed_ms < 2000)); then sleep 0.05; else sleep 0.25; fi
  done
  wait "$step_child" || status=$?
  step_child=''
  if [[ $on_terminal == yes ]]; then printf '\r\e[K' >&2; fi
  return "$status"
}

# A background command of a script ignores Ctrl-C, so it is ended here.
stop_child() {
  if [[ -n $step_child ]]; then
    kill -TERM "$step_child" 2>/dev/null || true
    wait "$step_child" 2>/dev/null || true
  fi
}

# show_failure LOG: the end of a log, indented, above the sentence that says what failed.
show_failure() { tail -n 20 "$1" | sed 's/^/      | /' >&2; }
