// SPDX-License-Identifier: Apache-2.0
#include "measure/tcp/socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "measure/clock.hpp"

namespace collscale {

namespace {

void set(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

/// Small messages go at once, and a host that vanishes is noticed within half a minute.
void tune(int descriptor) {
  set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

SocketAddress to_address(const sockaddr_storage& from) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (from.ss_family == AF_INET) {
    const auto* const four = reinterpret_cast<const sockaddr_in*>(&from);
    ::inet_ntop(AF_INET, &four->sin_addr, text.data(), text.size());
    return {text.data(), ntohs(four->sin_port)};
  }
  if (from.ss_family != AF_INET6) {
    return {};
  }
  const auto* const six = reinterpret_cast<const sockaddr_in6*>(&from);
  ::inet_ntop(AF_INET6, &six->sin6_addr, text.data(), text.size());
  std::string host = text.data();
  if (const std::string mapped = "::ffff:"; host.starts_with(mapped)) {
    host.erase(0, mapped.size());  // IPv4, at a socket that takes both
  }
  return {host, ntohs(six->sin6_port)};
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Expected<AddressList> resolve(const SocketAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (status != 0) {
    return fail(::gai_strerror(status));
  }
  return AddressList(found, &::freeaddrinfo);
}

/// One try; errno says why where it is not open.
Socket try_to_connect(const addrinfo& to, double patience_s) {
  Socket socket(::socket(to.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) {
    return socket;
  }
  // Limits connect(), too; hosts that drop packets would otherwise hold it for minutes.
  const auto seconds = static_cast<time_t>(patience_s) + 1;
  const timeval limit{std::min<time_t>(seconds, 10), 0};
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket.descriptor(), to.ai_addr, to.ai_addrlen) != 0) {
    const int why = errno == EINPROGRESS ? ETIMEDOUT : errno;
    socket = Socket();
    errno = why;
    return socket;
  }
  const timeval none{};
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
  tune(socket.descriptor());
  return socket;
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

bool Socket::send(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

bool Socket::receive(std::span<std::byte> bytes) const {
  // To be woken takes longer than most messages do.
  constexpr double kPoll_s = 100e-6;
  const double begin_s = steady_now_s();
  bool polls = true;
  while (!bytes.empty()) {
    const ssize_t count = ::recv(descriptor_, bytes.data(), bytes.size(), polls ? MSG_DONTWAIT : 0);
    if (count > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (polls && count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      polls = steady_now_s() - begin_s < kPoll_s;
      ::sched_yield();
      continue;
    }
    return false;
  }
  return true;
}

void Socket::limit_waiting(double time_s) const {
  const auto microseconds = static_cast<long>(time_s * 1e6);
  const timeval limit{microseconds / 1000000, microseconds % 1000000};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

SocketAddress own_address(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) == 0
             ? to_address(address)
             : SocketAddress{};
}

SocketAddress peer_address(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getpeername(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) == 0
             ? to_address(address)
             : SocketAddress{};
}

bool is_loopback(const std::string& host) { return host.starts_with("127.") || host == "::1"; }

Expected<Socket> listen_at(int port) {
  std::string why;
  for (const int family : {AF_INET6, AF_INET}) {  // the first takes both where the host has IPv6
    Socket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage any{};
    socklen_t size = sizeof(sockaddr_in);
    any.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET6) {
      set(socket.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
      reinterpret_cast<sockaddr_in6*>(&any)->sin6_port = htons(static_cast<std::uint16_t>(port));
      size = sizeof(sockaddr_in6);
    } else {
      reinterpret_cast<sockaddr_in*>(&any)->sin_port = htons(static_cast<std::uint16_t>(port));
    }
    set(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (socket.is_open() &&
        ::bind(socket.descriptor(), reinterpret_cast<sockaddr*>(&any), size) == 0 &&
        ::listen(socket.descriptor(), SOMAXCONN) == 0) {
      return socket;
    }
    why = std::strerror(errno);
    if (errno == EADDRINUSE) {
      break;
    }
  }
  return fail(fmt::format("cannot listen at port {}: {}", port, why));
}

Socket accept_within(const Socket& listener, double patience_s) {
  const double until_s = steady_now_s() + patience_s;
  for (double left_s = patience_s; left_s > 0; left_s = until_s - steady_now_s()) {
    pollfd wait{listener.descriptor(), POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(left_s * 1e3) + 1) > 0) {
      Socket socket(::accept4(listener.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
      if (socket.is_open()) {
        tune(socket.descriptor());
        return socket;
      }
    }
  }
  return Socket();
}

Expected<Socket> connect_to(const SocketAddress& address, double patience_s) {
  const double until_s = steady_now_s() + patience_s;
  std::string why;
  for (double wait_s = 5e-3;; wait_s = std::min(2 * wait_s, 0.5)) {
    // A name may be unknown until its pod or container runs.
    if (const auto all = resolve(address)) {
      for (const addrinfo* one = all->get(); one != nullptr; one = one->ai_next) {
        Socket socket = try_to_connect(*one, until_s - steady_now_s());
        if (socket.is_open()) {
          return socket;
        }
        why = std::strerror(errno);
      }
    } else {
      why = all.error().message;
    }
    const double left_s = until_s - steady_now_s();
    if (left_s <= 0) {
      return fail(why);
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(wait_s, left_s)));
  }
}

}  // namespace collscale
