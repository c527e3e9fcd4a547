#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts bench_nccl as torchrun starts its workers, by environment variables alone: without torch or MPI.
#
#   scripts/launch/torchrun.sh 8 bench_nccl -b 8 -e 8G --json node.json           8 processes, one node
#   NNODES=4 NODE_RANK=0 MASTER_ADDR=node0 scripts/launch/torchrun.sh 8 ...       on node0; on the others
#                                                                                 NODE_RANK=1, 2, 3
# To change: the port, where 29500 is taken or closed between the nodes; NCCL_SOCKET_IFNAME and NCCL_IB_HCA
# in the environment, where NCCL chooses the wrong network.
set -euo pipefail
per_node=${1:?"expected the number of processes on this node, then the command"}
shift
export MASTER_ADDR=${MASTER_ADDR:-127.0.0.1} MASTER_PORT=${MASTER_PORT:-29500}
export LOCAL_WORLD_SIZE=$per_node WORLD_SIZE=$((per_node * ${NNODES:-1}))
processes=()
for ((local_rank = 0; local_rank < per_node; ++local_rank)); do
  LOCAL_RANK=$local_rank RANK=$((${NODE_RANK:-0} * per_node + local_rank)) "$@" &
  processes+=($!)
done
trap 'kill "${processes[@]}" 2>/dev/null || true' TERM # Ctrl-C reaches them by itself
worst=0
for process in "${processes[@]}"; do
  code=0
  wait "$process" || code=$?
  if ((code > worst)); then worst=$code; fi
done
exit "$worst"
