// SPDX-License-Identifier: Apache-2.0
// Which of this process's GPUs have not completed what was launched on them, for who asks while the
// measuring thread waits for one. The header needs neither CUDA nor NCCL.
#pragma once

#include <cstdint>
#include <memory>

struct CUstream_st;

namespace collscale {

class NcclStreamWatch {
 public:
  NcclStreamWatch();
  ~NcclStreamWatch();
  NcclStreamWatch(const NcclStreamWatch&) = delete;
  NcclStreamWatch& operator=(const NcclStreamWatch&) = delete;

  /// The next GPU's stream.
  void add(int device, CUstream_st* stream);
  void clear();

  /// Bit i is set where the i-th GPU's stream has work left; of the first 64. From any thread; no
  /// bit where the driver does not answer within `patience_s`.
  [[nodiscard]] std::uint64_t unfinished(double patience_s) const noexcept;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace collscale
