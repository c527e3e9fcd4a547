#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts bench_nccl under Open MPI, one process per GPU.
#
#   scripts/launch/mpirun.sh 8 bench_nccl -b 8 -e 8G --json node.json              8 processes, this node
#   HOSTFILE=hosts scripts/launch/mpirun.sh 8 bench_nccl --json cluster.json       8 on each host of a file
#
# To change: with fewer processes, each with several GPUs, give bench_nccl -g; under MPICH or Intel MPI it is
# mpiexec -n TOTAL -ppn 8. Only variables that begin with NCCL_ are handed on to other nodes.
set -euo pipefail
per_node=${1:?"expected the number of processes per node, then the command"}
shift
options=(--map-by "ppr:$per_node:node" --bind-to none) # NCCL binds its threads near their GPUs
if [[ -n ${HOSTFILE:-} ]]; then
  options+=(--hostfile "$HOSTFILE")
fi
for variable in $(compgen -e NCCL_); do
  options+=(-x "$variable")
done
exec "${MPIRUN:-mpirun}" "${options[@]}" "$@"
