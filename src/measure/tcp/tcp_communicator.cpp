// SPDX-License-Identifier: Apache-2.0
#include "measure/tcp/tcp_communicator.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "measure/background_thread.hpp"
#include "measure/fingerprint.hpp"
#include "measure/tcp/rendezvous.hpp"

namespace collscale {

namespace {

/// The news that control connections carry.
constexpr std::byte kBye{'b'};    ///< this process has come to its end
constexpr std::byte kAbort{'a'};  ///< the run is aborted, and somebody has said why

}  // namespace

class TcpCommunicator::Impl {
 public:
  Impl(TcpSetup setup, TcpLinks links)
      : setup_(std::move(setup)),
        links_(std::move(links)),
        children_(tree_children(rank(), size())),
        stop_(::eventfd(0, EFD_CLOEXEC)) {
    thread_ = background_thread([this] { watch(); });
  }

  ~Impl() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(stop_, &one, sizeof one));
    thread_.join();
    ::close(stop_);
    if (std::uncaught_exceptions() == 0 && !over_) {
      tell_all(kBye);
    }
  }

  [[nodiscard]] int rank() const { return setup_.place.rank; }
  [[nodiscard]] int size() const { return setup_.place.size; }
  [[nodiscard]] const std::vector<int>& children() const { return children_; }

  void send(int to, std::span<const std::byte> bytes) {
    if (!link(to).send(bytes)) {
      broken(to);
    }
  }
  void receive(int from, std::span<std::byte> bytes) {
    if (!link(from).receive(bytes)) {
      broken(from);
    }
  }

  void tell_all(std::byte news) const {
    for (const auto& [rank, socket] : links_.control) {
      static_cast<void>(socket.send(std::span(&news, 1)));
    }
  }

 private:
  const Socket& link(int to) {
    const auto found = links_.tree.find(to);
    if (found == links_.tree.end()) {
      throw std::logic_error(fmt::format("ranks {} and {} have no connection", rank(), to));
    }
    return found->second;
  }

  /// The measuring thread met a closed connection. The other thread has heard of it, or will.
  [[noreturn]] void broken(int peer) {
    for (int wait = 0; wait < 200 && !over_; ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    lost(peer);
    // Where on_lost is about to end the process, nothing is to be said beside it.
    for (int wait = 0; wait < 1000 && !reported_; ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw std::runtime_error(gone(peer));
  }

  [[nodiscard]] std::string gone(int peer) const {
    const auto host = links_.host.find(peer);
    return fmt::format("rank {}{} is gone: its connection was closed in the middle of the run",
                       peer, host == links_.host.end() ? "" : " (" + host->second + ")");
  }

  void lost(int peer) {
    if (!over_.exchange(true)) {
      tell_all(kAbort);
      setup_.on_lost(gone(peer));
      reported_ = true;
    }
  }

  void aborted() {
    if (!over_.exchange(true)) {
      tell_all(kAbort);  // from rank 0 to all; from the others back to rank 0, which knows
      setup_.on_lost("");
      reported_ = true;
    }
  }

  /// Sleeps until there is news.
  void watch() {
    std::vector<int> ranks;
    std::vector<pollfd> wait{{stop_, POLLIN, 0}};
    for (const auto& [rank, socket] : links_.control) {
      ranks.push_back(rank);
      wait.push_back({socket.descriptor(), POLLIN, 0});
    }
    for (;;) {
      if (::poll(wait.data(), wait.size(), -1) <= 0) {
        continue;
      }
      // Who was asked to abort says so before it closes, so all that was said is heard first.
      for (std::size_t i = 1; i < wait.size(); ++i) {
        if (wait[i].revents == 0) {
          continue;
        }
        std::byte news{};
        const bool heard = links_.control.at(ranks[i - 1]).receive(bytes_of(news));
        if (heard && news == kBye) {
          wait[i].fd = -1;  // passed over from here on
          continue;
        }
        heard ? aborted() : lost(ranks[i - 1]);
        return;
      }
      if (wait[0].revents != 0) {
        return;
      }
    }
  }

  TcpSetup setup_;
  TcpLinks links_;
  std::vector<int> children_;
  int stop_;
  std::atomic<bool> over_{false};      ///< the run, before its end
  std::atomic<bool> reported_{false};  ///< on_lost has returned
  std::thread thread_;
};

Expected<TcpCommunicator> TcpCommunicator::connect(TcpSetup setup) {
  auto links = meet(setup.place, setup.patience_s);
  if (!links) {
    return tl::unexpected(links.error());
  }
  return TcpCommunicator(std::make_unique<Impl>(std::move(setup), std::move(*links)));
}

TcpCommunicator::TcpCommunicator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TcpCommunicator::~TcpCommunicator() = default;
TcpCommunicator::TcpCommunicator(TcpCommunicator&&) noexcept = default;
TcpCommunicator& TcpCommunicator::operator=(TcpCommunicator&&) noexcept = default;

int TcpCommunicator::rank() const { return impl_->rank(); }
int TcpCommunicator::size() const { return impl_->size(); }

// Up the tree, and down again with the largest subtree first.
void TcpCommunicator::all_max(std::span<double> values) const {
  step();
  std::vector<double> theirs(values.size());
  const auto& children = impl_->children();
  for (const int child : children) {
    impl_->receive(child, std::as_writable_bytes(std::span(theirs)));
    std::transform(values.begin(), values.end(), theirs.begin(), values.begin(),
                   [](double a, double b) { return std::max(a, b); });
  }
  if (rank() > 0) {
    impl_->send(tree_parent(rank()), std::as_bytes(values));
    impl_->receive(tree_parent(rank()), std::as_writable_bytes(values));
  }
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    impl_->send(*child, std::as_bytes(values));
  }
}

void TcpCommunicator::barrier() const {
  double nothing = 0;
  all_max(std::span<double>(&nothing, 1));
}

std::int64_t TcpCommunicator::agree(std::int64_t value) const {
  std::array<char, sizeof value> bytes{};
  std::memcpy(bytes.data(), &value, sizeof value);
  broadcast(bytes);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

void TcpCommunicator::send(int process, double value) const {
  impl_->send(process, bytes_of(value));
}

double TcpCommunicator::receive(int process) const {
  double value = 0;
  impl_->receive(process, bytes_of(value));
  return value;
}

void TcpCommunicator::broadcast(std::span<char> bytes) const {
  step();
  if (rank() > 0) {
    impl_->receive(tree_parent(rank()), std::as_writable_bytes(bytes));
  }
  const auto& children = impl_->children();
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    impl_->send(*child, std::as_bytes(bytes));
  }
}

void TcpCommunicator::abort_others() const { impl_->tell_all(kAbort); }

NodeMap map_nodes(TcpCommunicator& processes, const TcpPlace& place) {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  const std::string host = std::string(name.data()) + "\n" + boot;
  // Two numbers of 32 bits: a double holds each, and hosts do not meet in both.
  const auto size = static_cast<std::size_t>(processes.size());
  const auto mine = static_cast<std::size_t>(processes.rank());
  std::vector<double> hosts(2 * size, 0.0);
  hosts[2 * mine] = fingerprint_of(host);
  hosts[2 * mine + 1] = fingerprint_of(host, 1);
  processes.all_max(hosts);
  NodeMap map{0, 0, 0};
  for (std::size_t other = 0; other < size; ++other) {
    if (hosts[2 * other] == hosts[2 * mine] && hosts[2 * other + 1] == hosts[2 * mine + 1]) {
      map.local_rank += other < mine ? 1 : 0;
      ++map.local_size;
    }
  }
  map.local_rank = place.local_rank.value_or(map.local_rank);
  map.local_size = place.local_size.value_or(map.local_size);
  std::vector<double> first(size, 0.0);
  first[mine] = map.local_rank == 0 ? 1 : 0;
  processes.all_max(first);
  map.nodes = std::max(1, static_cast<int>(std::count(first.begin(), first.end(), 1.0)));
  return map;
}

}  // namespace collscale
