// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/interrupt.hpp"

#include <csignal>

namespace collscale {

namespace {

volatile std::sig_atomic_t signalled = 0;  // the one thing a signal handler may write

extern "C" void note_interrupt(int signal) {
  signalled = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptWatch::InterruptWatch() {
  signalled = 0;
  before_int_ = std::signal(SIGINT, note_interrupt);
  before_term_ = std::signal(SIGTERM, note_interrupt);
}

InterruptWatch::~InterruptWatch() {
  std::signal(SIGINT, before_int_);
  std::signal(SIGTERM, before_term_);
}

bool InterruptWatch::interrupted() { return signalled != 0; }

}  // namespace collscale
