// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/watchdog.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include "measure/background_thread.hpp"
#include "measure/clock.hpp"
#include "measure/stragglers.hpp"

namespace collscale {

namespace {

constexpr double kAnswerTime_s = 1;  // what a question waits for answers
constexpr int kQuestions = 4;        // datagrams get lost: each rank is asked so often
constexpr int kLooksPerTimeout = 8;
// How many of the ranks below it a rank asks before it reports in their place.
constexpr int kDeputies = 8;

/// What travels. All processes run the same program, so the bytes are as in memory.
struct Message {
  std::uint64_t token = 0;
  std::uint64_t steps = 0;
  double idle_s = 0;
  std::uint64_t unfinished = 0;
  std::uint32_t rank = 0;
  std::uint32_t is_answer = 0;
};

sockaddr_in to_socket_address(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

std::array<std::uint32_t, WatchdogAddress::kHosts> host_addresses() {
  std::array<std::uint32_t, WatchdogAddress::kHosts> hosts{INADDR_LOOPBACK};
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) {
    return hosts;
  }
  std::size_t count = 1;
  for (const ifaddrs* one = all; one != nullptr && count < hosts.size(); one = one->ifa_next) {
    const bool usable = one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
                        (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
    if (usable) {
      const auto* const address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      hosts.at(count++) = ntohl(address->sin_addr.s_addr);
    }
  }
  freeifaddrs(all);
  return hosts;
}

}  // namespace

WatchdogSocket::WatchdogSocket()
    : descriptor_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in mine = to_socket_address(INADDR_ANY, 0);
  socklen_t size = sizeof mine;
  auto* const generic = reinterpret_cast<sockaddr*>(&mine);
  if (descriptor_ >= 0 && ::bind(descriptor_, generic, size) == 0 &&
      ::getsockname(descriptor_, generic, &size) == 0) {
    address_ = {host_addresses(), ntohs(mine.sin_port)};
  }
}

WatchdogSocket::~WatchdogSocket() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

class Watchdog::Impl {
 public:
  Impl(WatchdogPlan plan, std::unique_ptr<WatchdogSocket> socket, const Heartbeat& heartbeat)
      : plan_(std::move(plan)),
        socket_(std::move(socket)),
        heartbeat_(heartbeat),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        seen_at_s_(steady_now_s()) {
    thread_ = background_thread([this] { watch(); });
  }

  ~Impl() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(stop_, &one, sizeof one));
    thread_.join();
    ::close(stop_);
  }

  void at(std::string place) {
    const std::lock_guard lock(mutex_);
    place_ = std::move(place);
  }
  void before_abort(std::function<std::string()> last_words) {
    const std::lock_guard lock(mutex_);
    last_words_ = std::move(last_words);
  }

 private:
  void watch() {
    // A deputy waits a little longer than rank 0, which then has the first word.
    const double grace_s = plan_.rank == 0 ? 0
                                           : kAnswerTime_s + 0.25 * plan_.timeout_s +
                                                 0.1 * static_cast<double>(deputies().size());
    while (!stopped_) {
      serve(plan_.timeout_s / kLooksPerTimeout);
      if (!stopped_ && idle_s() >= plan_.timeout_s + grace_s && is_mine_to_report()) {
        report();
      }
    }
  }

  /// Since the measuring thread entered a step, as far as this thread has seen.
  double idle_s() {
    const std::uint64_t steps = heartbeat_.steps();
    const double now_s = steady_now_s();
    if (steps != seen_steps_) {
      seen_steps_ = steps;
      seen_at_s_ = now_s;
    }
    return now_s - seen_at_s_;
  }

  /// Answers for `duration_s`, and takes others' answers.
  void serve(double duration_s) {
    const double until_s = steady_now_s() + duration_s;
    for (double left_s = duration_s; left_s > 0 && !stopped_; left_s = until_s - steady_now_s()) {
      // A negative descriptor is passed over.
      std::array<pollfd, 2> wait{pollfd{stop_, POLLIN, 0},
                                 pollfd{socket_->descriptor(), POLLIN, 0}};
      const int timeout_ms = static_cast<int>(left_s * 1e3) + 1;
      if (::poll(wait.data(), wait.size(), timeout_ms) <= 0) {
        continue;
      }
      stopped_ = wait[0].revents != 0;
      if (wait[1].revents != 0) {
        take_message();
      }
    }
  }

  void take_message() {
    Message message;
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t count = ::recvfrom(socket_->descriptor(), &message, sizeof message, 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
    const bool ours = count == static_cast<ssize_t>(sizeof message) &&
                      message.token == plan_.token && message.rank < plan_.peers.size();
    if (!ours) {
      return;
    }
    if (message.is_answer != 0) {
      if (message.rank < answers_.size()) {
        answers_[message.rank] = {true, message.steps, message.idle_s, message.unfinished};
      }
      return;
    }
    const RankProgress own = progress();
    send({plan_.token, own.steps, own.idle_s, own.unfinished,
          static_cast<std::uint32_t>(plan_.rank), 1},
         from);
  }

  RankProgress progress() {
    const double idle = idle_s();
    // Who moves has work on its GPUs that is as it should be.
    const bool stands = idle >= plan_.timeout_s / 2;
    return {true, seen_steps_, idle, stands && plan_.unfinished ? plan_.unfinished() : 0};
  }

  void send(const Message& message, const sockaddr_in& to) const {
    // What is lost is asked again.
    static_cast<void>(::sendto(socket_->descriptor(), &message, sizeof message, 0,
                               reinterpret_cast<const sockaddr*>(&to), sizeof to));
  }

  /// What the ranks say; this one's own included, those that were not asked left out.
  std::vector<RankProgress> ask(const std::vector<int>& ranks) {
    answers_.assign(plan_.peers.size(), {});
    for (int question = 0; question < kQuestions && !stopped_; ++question) {
      bool all = true;
      for (const int rank : ranks) {
        const WatchdogAddress& peer = plan_.peers[static_cast<std::size_t>(rank)];
        if (answers_[static_cast<std::size_t>(rank)].answered || rank == plan_.rank) {
          continue;
        }
        all = false;
        for (const std::uint32_t host : peer.hosts) {
          if (host != 0 && peer.port != 0) {
            send({plan_.token, 0, 0, 0, static_cast<std::uint32_t>(plan_.rank), 0},
                 to_socket_address(host, peer.port));
          }
        }
      }
      if (all) {
        break;
      }
      serve(kAnswerTime_s / kQuestions);
    }
    answers_[static_cast<std::size_t>(plan_.rank)] = progress();
    return std::exchange(answers_, {});
  }

  [[nodiscard]] std::vector<int> deputies() const {
    std::vector<int> ranks;
    for (int rank = 0; rank < std::min(plan_.rank, kDeputies); ++rank) {
      ranks.push_back(rank);
    }
    return ranks;
  }

  bool is_mine_to_report() {
    const std::vector<int> before_me = deputies();
    const auto answers = ask(before_me);
    return !stopped_ && std::none_of(before_me.begin(), before_me.end(), [&](int rank) {
      return answers[static_cast<std::size_t>(rank)].answered;
    });
  }

  void report() {
    std::vector<int> everyone(plan_.peers.size());
    for (std::size_t rank = 0; rank < everyone.size(); ++rank) {
      everyone[rank] = static_cast<int>(rank);
    }
    const auto answers = ask(everyone);
    const double idle = idle_s();
    // Where a rank went on just now, this one will soon.
    const bool somebody_moves =
        std::any_of(answers.begin(), answers.end(), [&](const RankProgress& progress) {
          return progress.answered && progress.idle_s < plan_.timeout_s / 2;
        });
    if (stopped_ || (somebody_moves && idle < 3 * plan_.timeout_s)) {
      return;
    }
    const std::lock_guard lock(mutex_);
    const std::size_t ranks = plan_.peers.size() * static_cast<std::size_t>(plan_.gpus);
    std::string end = last_words_ ? last_words_() : "";
    std::fflush(stdout);
    fmt::print(stderr, "error: {}no progress for {:.3g} s: {}; the run is aborted{}{}\n",
               place_.empty() ? "" : place_ + ": ", idle,
               describe(find_stragglers(by_rank(answers, plan_.gpus)), ranks),
               end.empty() ? "" : ", ", end);
    std::fflush(stderr);
    // MPICH's launcher drops what it has not yet forwarded when a rank aborts.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    plan_.abort();
    stopped_ = true;
  }

  WatchdogPlan plan_;
  std::unique_ptr<WatchdogSocket> socket_;
  const Heartbeat& heartbeat_;
  int stop_;
  std::uint64_t seen_steps_ = 0;
  double seen_at_s_;
  bool stopped_ = false;               // of the thread alone
  std::vector<RankProgress> answers_;  // of the question that is being asked
  std::mutex mutex_;                   // guards the two below
  std::string place_;
  std::function<std::string()> last_words_;
  std::thread thread_;
};

Watchdog::Watchdog(WatchdogPlan plan, std::unique_ptr<WatchdogSocket> socket,
                   const Heartbeat& heartbeat)
    : impl_(std::make_unique<Impl>(std::move(plan), std::move(socket), heartbeat)) {}
Watchdog::~Watchdog() = default;
void Watchdog::at(std::string place) { impl_->at(std::move(place)); }
void Watchdog::before_abort(std::function<std::string()> last_words) {
  impl_->before_abort(std::move(last_words));
}

std::string finished_points(std::size_t points, const std::string& json_path) {
  return fmt::format("{} finished point{} {} kept in {}", points, points == 1 ? "" : "s",
                     points == 1 ? "is" : "are", json_path == "-" ? "the output" : json_path);
}

}  // namespace collscale
