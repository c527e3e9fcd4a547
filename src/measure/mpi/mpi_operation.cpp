// SPDX-License-Identifier: Apache-2.0
#include "measure/mpi/mpi_operation.hpp"

#include <fmt/format.h>
#include <mpi.h>

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
  if (!is_measured(scenario.collective)) {
    return fail(fmt::format("{} is not measured over MPI here", name(scenario.collective)));
  }
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
  if (layout.count > std::numeric_limits<int>::max()) {
    return fail(fmt::format("{} of {} bytes has {} elements in one call, but MPI counts in an int",
                            name(scenario.collective), layout.size_bytes, layout.count));
  }
  return {};
}

Scenario as_mpi_runs_it(Scenario scenario) {
  scenario.in_place = scenario.in_place || scenario.collective == Collective::broadcast;
  return scenario;
}

void MpiOperation::operator()(const std::byte* send, std::byte* receive) const {
  const MPI_Datatype type = mpi_type(scenario_.dtype);
  const MPI_Op op = mpi_op(scenario_.op);
  const int count = static_cast<int>(layout_.count);
  const int root = static_cast<int>(scenario_.root);
  const void* source = scenario_.in_place ? MPI_IN_PLACE : static_cast<const void*>(send);
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
    default:
      break;  // check_mpi_can_run refuses the others
  }
}

}  // namespace collscale
