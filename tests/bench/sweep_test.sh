#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sweep_test.sh PROGRAM FOLDER [LAUNCHER WITH 3 RANKS...]: the file of a sweep is the same from one process
# and from three, and after a killed process a rerun with --resume completes it to the same bytes.
set -u
program=$1 folder=$2
shift 2
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder" || exit 1
sweep=("$program" -t fat-tree:nodes=16,routing=ecmp -t dgx-h100-superpod -C all_reduce,broadcast
  -s 1KiB:1MiB:x32 -n 16,64 --engine analytic,flow --trials 10)
fail() { echo "FAILED: $*"; exit 1; }

"${sweep[@]}" -o one.json || fail "one process"
[ "$(grep -c '"run_name"' one.json)" -gt 100 ] || fail "few records"

"$@" "${sweep[@]}" -o many.json || fail "$*"
cmp one.json many.json || fail "the file depends on the number of processes"

# A process is killed in the middle; what is there is whole, and less than all.
"$@" "${sweep[@]}" -o killed.json --die-at 30 > killed.log 2>&1 && fail "the killed process was not missed"
[ -e killed.json ] || fail "nothing was kept"
/usr/bin/python3 -m json.tool killed.json > /dev/null || fail "half a file was kept"
cmp -s one.json killed.json && fail "nothing was left to do"
"$@" "${sweep[@]}" -o killed.json --resume || fail "--resume"
cmp one.json killed.json || fail "a resumed file differs"

# Trials of one combination are spread as well, and half of them are not lost: blocks 0 to 2 of 13 are kept,
# which the last line shows by not dying at one of them.
trials=("$program" -t fat-tree:nodes=16,routing=ecmp -s 1KiB,1GiB -a auto --engine flow --trials 100)
"${trials[@]}" -o trials_one.json || fail "trials in one process"
"$@" "${trials[@]}" -o trials_many.json || fail "trials: $*"
cmp trials_one.json trials_many.json || fail "trials depend on the number of processes"
"${trials[@]}" -o trials_killed.json --die-at 3 --threads 1 2> killed.log && fail "the killed process was not missed"
[ -e trials_killed.json.part ] || fail "trials of half a combination were lost"
cmp -s trials_one.json trials_killed.json && fail "no trials were left to do"
"$@" "${trials[@]}" -o trials_killed.json --resume --die-at 2 || fail "trials were answered again"
cmp trials_one.json trials_killed.json || fail "resumed trials differ"
[ -e trials_killed.json.part ] && fail "a part was left behind"
"$@" "${trials[@]}" -o trials_killed.json --die-at 9 > killed.log 2>&1 && fail "the killed process was not missed"
"$@" "${trials[@]}" -o trials_killed.json --resume || fail "--resume of trials"
cmp trials_one.json trials_killed.json || fail "resumed trials differ after $*"
"$(dirname "$program")/../collscale" predict -t fat-tree:nodes=16,routing=ecmp -c all_reduce -s 1KiB,1GiB --profile none --engine flow \
  --trials 100 --json predicted.json > /dev/null || fail "collscale predict"
cmp <(grep -o '"time_s":.*' predicted.json) <(grep -o '"time_s":.*' trials_one.json) || fail "collscale predict differs"

"$program" -t dgx-h100-superpod -s 1GiB -o killed.json --resume 2> error.txt && fail "another sweep was resumed"
grep -q "holds another sweep" error.txt || fail "no word about another sweep"
cmp one.json killed.json || fail "a refused --resume changed the file"
"$program" -t dgx-h100-superpod -s 1GiB -a rign -o x.json 2> error.txt
[ $? = 2 ] && grep -q 'did you mean "ring"' error.txt || fail "a wrong algorithm"
[ -e x.json ] && fail "a file in spite of bad input"
echo passed
