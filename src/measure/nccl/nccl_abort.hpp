// SPDX-License-Identifier: Apache-2.0
// The communicators that this process has, for who ends the run while another thread is inside one
// of them. The header needs neither CUDA nor NCCL.
#pragma once

#include <memory>

struct ncclComm;

namespace collscale {

class NcclAbort {
 public:
  NcclAbort();
  ~NcclAbort();
  NcclAbort(const NcclAbort&) = delete;
  NcclAbort& operator=(const NcclAbort&) = delete;

  void add(ncclComm* communicator);
  void remove(ncclComm* communicator);

  /// Calls ncclCommAbort for each of them, from any thread, once; operations that wait on the GPUs
  /// for ranks that never come then end. Returns when that is done, or after `patience_s`: an abort
  /// may hang, too.
  void abort_all(double patience_s) noexcept;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace collscale
