// SPDX-License-Identifier: Apache-2.0
#include "collective/collective.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "units/suggest.hpp"

namespace collscale {
namespace {

template <class T, std::size_t N>
using Names = std::array<std::pair<T, std::string_view>, N>;

constexpr Names<Collective, 12> kCollectives{{{Collective::all_reduce, "all_reduce"},
                                              {Collective::all_gather, "all_gather"},
                                              {Collective::reduce_scatter, "reduce_scatter"},
                                              {Collective::broadcast, "broadcast"},
                                              {Collective::reduce, "reduce"},
                                              {Collective::all_to_all, "all_to_all"},
                                              {Collective::gather, "gather"},
                                              {Collective::scatter, "scatter"},
                                              {Collective::send_recv, "send_recv"},
                                              {Collective::barrier, "barrier"},
                                              {Collective::all_gather_v, "all_gather_v"},
                                              {Collective::all_to_all_v, "all_to_all_v"}}};

constexpr Names<DataType, 12> kDataTypes{{{DataType::int8, "int8"},
                                          {DataType::uint8, "uint8"},
                                          {DataType::int32, "int32"},
                                          {DataType::uint32, "uint32"},
                                          {DataType::int64, "int64"},
                                          {DataType::uint64, "uint64"},
                                          {DataType::float16, "half"},
                                          {DataType::bfloat16, "bfloat16"},
                                          {DataType::float32, "float"},
                                          {DataType::float64, "double"},
                                          {DataType::float8_e4m3, "f8e4m3"},
                                          {DataType::float8_e5m2, "f8e5m2"}}};

/// The spellings of others, after our own.
constexpr Names<DataType, 11> kOtherDataTypes{{{DataType::float16, "float16"},
                                               {DataType::float16, "fp16"},
                                               {DataType::bfloat16, "bf16"},
                                               {DataType::float32, "float32"},
                                               {DataType::float32, "fp32"},
                                               {DataType::float64, "float64"},
                                               {DataType::float64, "fp64"},
                                               {DataType::int32, "int"},
                                               {DataType::int8, "char"},
                                               {DataType::float8_e4m3, "fp8_e4m3"},
                                               {DataType::float8_e5m2, "fp8_e5m2"}}};

constexpr Names<ReduceOp, 5> kReduceOps{{{ReduceOp::sum, "sum"},
                                         {ReduceOp::prod, "prod"},
                                         {ReduceOp::min, "min"},
                                         {ReduceOp::max, "max"},
                                         {ReduceOp::avg, "avg"}}};

template <class T, std::size_t N>
std::string_view name_of(T value, const Names<T, N>& names) {
  for (const auto& [candidate, text] : names) {
    if (candidate == value) return text;
  }
  return "?";
}

/// Lower case without '_', '-' and blanks: "All-Reduce" and "allreduce" are the same.
std::string squeezed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '_' || c == '-' || c == ' ') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

template <class T, std::size_t N>
const T* find(std::string_view text, const Names<T, N>& names) {
  const std::string wanted = squeezed(text);
  for (const auto& entry : names) {
    if (squeezed(entry.second) == wanted) return &entry.first;
  }
  return nullptr;
}

template <class T, std::size_t N>
std::vector<std::string> texts(const Names<T, N>& names) {
  std::vector<std::string> result;
  result.reserve(N);
  for (const auto& entry : names) result.emplace_back(entry.second);
  return result;
}

template <class T, std::size_t N>
tl::unexpected<Error> unknown(std::string_view what, std::string_view text,
                              const Names<T, N>& names) {
  return fail(fmt::format("unknown {} \"{}\"{}", what, text, suggestion(text, texts(names))));
}

}  // namespace

std::string_view name(Collective collective) { return name_of(collective, kCollectives); }
std::string_view name(DataType type) { return name_of(type, kDataTypes); }
std::string_view name(ReduceOp op) { return name_of(op, kReduceOps); }

Expected<Collective> parse_collective(std::string_view text) {
  if (const auto* found = find(text, kCollectives)) return *found;
  if (squeezed(text) == "bcast") return Collective::broadcast;
  return unknown("collective", text, kCollectives);
}

Expected<DataType> parse_data_type(std::string_view text) {
  if (const auto* found = find(text, kDataTypes)) return *found;
  if (const auto* found = find(text, kOtherDataTypes)) return *found;
  return unknown("data type", text, kDataTypes);
}

Expected<ReduceOp> parse_reduce_op(std::string_view text) {
  if (const auto* found = find(text, kReduceOps)) return *found;
  return unknown("reduction", text, kReduceOps);
}

std::vector<std::string> collective_names() { return texts(kCollectives); }

int element_bytes(DataType type) {
  switch (type) {
    case DataType::int8:
    case DataType::uint8:
    case DataType::float8_e4m3:
    case DataType::float8_e5m2:
      return 1;
    case DataType::float16:
    case DataType::bfloat16:
      return 2;
    case DataType::int32:
    case DataType::uint32:
    case DataType::float32:
      return 4;
    case DataType::int64:
    case DataType::uint64:
    case DataType::float64:
      return 8;
  }
  return 0;
}

bool reduces(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce_scatter ||
         collective == Collective::reduce;
}

bool is_rooted(Collective collective) {
  return collective == Collective::broadcast || collective == Collective::reduce ||
         collective == Collective::gather || collective == Collective::scatter;
}

bool passes_on(Collective collective) {
  switch (collective) {
    case Collective::all_to_all:
    case Collective::all_to_all_v:
    case Collective::gather:
    case Collective::scatter:
    case Collective::send_recv:
      return false;
    default:
      return true;
  }
}

bool has_unequal_blocks(Collective collective) {
  return collective == Collective::all_gather_v || collective == Collective::all_to_all_v;
}

double bus_bandwidth_factor(Collective collective, std::int64_t ranks) {
  const auto n = static_cast<double>(ranks);
  switch (collective) {
    case Collective::all_reduce:
      return ranks < 1 ? 0 : 2 * (n - 1) / n;
    case Collective::all_gather:
    case Collective::reduce_scatter:
    case Collective::all_to_all:
    case Collective::gather:
    case Collective::scatter:
    case Collective::all_gather_v:
    case Collective::all_to_all_v:
      return ranks < 1 ? 0 : (n - 1) / n;
    case Collective::broadcast:
    case Collective::reduce:
    case Collective::send_recv:
      return 1;
    case Collective::barrier:
      return 0;
  }
  return 0;
}

double algorithm_bandwidth_Bps(double size_bytes, double time_s) {
  return time_s > 0 ? size_bytes / time_s : 0;
}

double bus_bandwidth_Bps(Collective collective, std::int64_t ranks, double size_bytes,
                         double time_s) {
  return algorithm_bandwidth_Bps(size_bytes, time_s) * bus_bandwidth_factor(collective, ranks);
}

}  // namespace collscale
