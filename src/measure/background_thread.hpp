// SPDX-License-Identifier: Apache-2.0
// Threads beside the measuring one.
#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

namespace collscale {

/// A thread that takes no signals: these are for the measuring thread, whose system calls they
/// interrupt.
template <class Work>
std::thread background_thread(Work&& work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::forward<Work>(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace collscale
