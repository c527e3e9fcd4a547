#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sweep_test.sh PROGRAM FOLDER [LAUNCHER WITH 3 RANKS...]: the file of a sweep is the same from one process
# and from three, and after a killed process a rerun with --resume completes it to the same bytes.
set -u
program=$1 folder=$2
shift 2
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder" || exit 1
sweep=("$program" -t fat-tree:nodes=16,routing=ecmp -t dgx-h100-superpod -C all_reduce,broadcast
  -s 1KiB:1MiB:x32 -n 16,64 --engine analytic,flow --trials 3)
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

"$program" -t dgx-h100-superpod -s 1GiB -o killed.json --resume 2> error.txt && fail "another sweep was resumed"
grep -q "holds another sweep" error.txt || fail "no word about another sweep"
cmp one.json killed.json || fail "a refused --resume changed the file"
"$program" -t dgx-h100-superpod -s 1GiB -a rign -o x.json 2> error.txt
[ $? = 2 ] && grep -q 'did you mean "ring"' error.txt || fail "a wrong algorithm"
[ -e x.json ] && fail "a file in spite of bad input"
echo passed
