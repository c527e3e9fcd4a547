// SPDX-License-Identifier: Apache-2.0
// Faults that a test asks for in the environment, for both stand-in libraries:
//
//   COLLSCALE_STANDIN_FAULT="FUNCTION:K:WHAT[;rank=R][;device=D]", several separated by commas
//
// K is the K-th call of the function by what the filters name, counted in each process from 1; "3+"
// is the third and all that follow. WHAT is
//   error=NAME        the call returns this ncclResult_t or cudaError
//   async-error=NAME  NCCL: the call succeeds, and ncclCommGetAsyncError tells it afterwards
//   hang              the operation never ends; a call that is no operation never returns
//   wrong[=INDEX]     NCCL: this element of the result is wrong (default 0)
//   slow=US           so many microseconds later
#pragma once

#include <string>

namespace standin {

struct Fault {
  enum class Kind { none, error, async_error, hang, wrong, slow };
  Kind kind = Kind::none;
  std::string error;  ///< its name
  long value = 0;     ///< the element, or the delay in microseconds
};

/// What is asked for at this call. `rank` is -1 where the function has none. A fault that cannot be
/// read ends the process, with a sentence.
Fault fault_at(const char* function, int device, int rank = -1);

/// Ends the process, with a sentence: the tests have asked for what cannot be.
[[noreturn]] void refuse(const std::string& sentence);

/// The whole number in an environment variable.
long setting(const char* variable, long otherwise);

[[noreturn]] void hang();
void sleep_us(long microseconds);

}  // namespace standin
