// SPDX-License-Identifier: Apache-2.0
#include "measure/mpi/mpi_operation.hpp"

#include <fmt/format.h>

#include <limits>

namespace collscale {

namespace {

MPI_Datatype mpi_type(DataType type) {
  switch (type) {
    case DataType::int8:
      return MPI_INT8_T;
    case DataType::uint8:
      return MPI_UINT8_T;
    case DataType::int32:
      return MPI_INT32_T;
    case DataType::uint32:
      return MPI_UINT32_T;
    case DataType::int64:
      return MPI_INT64_T;
    case DataType::uint64:
      return MPI_UINT64_T;
    case DataType::float32:
      return MPI_FLOAT;
    case DataType::float64:
      return MPI_DOUBLE;
    case DataType::float16:
    case DataType::bfloat16:
    case DataType::float8_e4m3:
    case DataType::float8_e5m2:
      break;
  }
  return MPI_DATATYPE_NULL;
}

MPI_Op mpi_op(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum:
      return MPI_SUM;
    case ReduceOp::prod:
      return MPI_PROD;
    case ReduceOp::min:
      return MPI_MIN;
    case ReduceOp::max:
      return MPI_MAX;
    case ReduceOp::avg:
      break;
  }
  return MPI_OP_NULL;
}

}  // namespace

Expected<void> check_mpi_can_run(const Scenario& scenario, const BufferLayout& layout) {
  if (mpi_type(scenario.dtype) == MPI_DATATYPE_NULL) {
    return fail(fmt::format(
        "data type {}: MPI has no such type; valid: int8, uint8, int32, uint32, int64, uint64, "
        "float, double",
        name(scenario.dtype)));
  }
  if (reduces(scenario.collective) && mpi_op(scenario.op) == MPI_OP_NULL) {
    return fail(fmt::format("operation {}: MPI has no such operation; valid: sum, prod, min, max",
                            name(scenario.op)));
  }
  const std::int64_t counted =
      has_unequal_blocks(scenario.collective) ? layout.receive_elements : layout.count;
  if (counted > std::numeric_limits<int>::max()) {
    return fail(fmt::format("{} of {} bytes has {} elements in one call, but MPI counts in an int",
                            name(scenario.collective), layout.size_bytes, counted));
  }
  return {};
}

Scenario as_mpi_runs_it(Scenario scenario) {
  scenario.in_place = scenario.collective == Collective::broadcast ||
                      (scenario.in_place && scenario.collective != Collective::barrier);
  return scenario;
}

MpiOperation::MpiOperation(const Scenario& scenario, const BufferLayout& layout,
                           const MpiCommunicator& ranks)
    : scenario_(scenario), layout_(layout), comm_(ranks.handle()), rank_(ranks.rank()) {
  if (!has_unequal_blocks(scenario.collective)) {
    return;
  }
  for (std::int64_t peer = 0; peer < scenario.ranks; ++peer) {
    const Block block = scenario.collective == Collective::all_gather_v
                            ? block_of(scenario, layout, peer)
                            : exchanged_block(scenario, layout, rank_, peer);
    counts_.push_back(static_cast<int>(block.elements));
    begins_.push_back(static_cast<int>(block.begin));
  }
}

void MpiOperation::operator()(const std::byte* send, std::byte* receive) const {
  const MPI_Datatype type = mpi_type(scenario_.dtype);
  const MPI_Op op = mpi_op(scenario_.op);
  const int count = static_cast<int>(layout_.count);
  const int root = static_cast<int>(scenario_.root);
  const void* source = scenario_.in_place ? MPI_IN_PLACE : static_cast<const void*>(send);
  const int ranks = static_cast<int>(scenario_.ranks);
  const int next = rank_ + 1 == ranks ? 0 : rank_ + 1;
  const int before = rank_ == 0 ? ranks - 1 : rank_ - 1;
  switch (scenario_.collective) {
    case Collective::all_reduce:
      MPI_Allreduce(source, receive, count, type, op, comm_);
      break;
    case Collective::all_gather:
      MPI_Allgather(source, count, type, receive, count, type, comm_);
      break;
    case Collective::reduce_scatter:
      MPI_Reduce_scatter_block(source, receive, count, type, op, comm_);
      break;
    case Collective::all_to_all:
      MPI_Alltoall(source, count, type, receive, count, type, comm_);
      break;
    case Collective::broadcast:
      MPI_Bcast(receive, count, type, root, comm_);
      break;
    case Collective::reduce:
      MPI_Reduce(rank_ == root ? source : send, receive, count, type, op, root, comm_);
      break;
    case Collective::gather:
      MPI_Gather(rank_ == root ? source : send, count, type, receive, count, type, root, comm_);
      break;
    case Collective::scatter:
      if (scenario_.in_place && rank_ == root) {
        MPI_Scatter(receive, count, type, MPI_IN_PLACE, count, type, root, comm_);
      } else {
        MPI_Scatter(send, count, type, receive, count, type, root, comm_);
      }
      break;
    case Collective::send_recv:
      if (scenario_.in_place) {
        MPI_Sendrecv_replace(receive, count, type, next, 0, before, 0, comm_, MPI_STATUS_IGNORE);
      } else {
        MPI_Sendrecv(send, count, type, next, 0, receive, count, type, before, 0, comm_,
                     MPI_STATUS_IGNORE);
      }
      break;
    case Collective::barrier:
      MPI_Barrier(comm_);
      break;
    case Collective::all_gather_v:
      MPI_Allgatherv(source, counts_[static_cast<std::size_t>(rank_)], type, receive,
                     counts_.data(), begins_.data(), type, comm_);
      break;
    case Collective::all_to_all_v:
      MPI_Alltoallv(source, counts_.data(), begins_.data(), type, receive, counts_.data(),
                    begins_.data(), type, comm_);
      break;
  }
}

}  // namespace collscale
