// SPDX-License-Identifier: Apache-2.0
// TCP connections that a process waits on, over IPv4 or IPv6. Internal to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "units/error.hpp"

namespace collscale {

/// An open descriptor, closed on destruction; -1 where there is none.
class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
  ~Socket();
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  /// False where the connection is gone.
  [[nodiscard]] bool send(std::span<const std::byte> bytes) const;
  /// All of `bytes`; polls for a short while before it sleeps. False where the connection is gone,
  /// or nothing came for as long as limit_waiting() allows.
  [[nodiscard]] bool receive(std::span<std::byte> bytes) const;
  /// Of a receive; 0: for ever.
  void limit_waiting(double time_s) const;

 private:
  int descriptor_;
};

template <class T>
std::span<std::byte> bytes_of(T& value) {
  return std::as_writable_bytes(std::span<T>(&value, 1));
}

/// "10.1.2.3" or "fe80::1" without a port; "" where there is none.
struct SocketAddress {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};
SocketAddress own_address(const Socket& socket);
SocketAddress peer_address(const Socket& socket);
bool is_loopback(const std::string& host);

/// Listens on all of this host's addresses; port 0: one that is free.
Expected<Socket> listen_at(int port);
/// The next connection within `patience_s`; a closed socket where none came.
Socket accept_within(const Socket& listener, double patience_s);
/// Tries again until somebody listens there, `patience_s` at most. The error says what the last
/// try met, without the address.
Expected<Socket> connect_to(const SocketAddress& address, double patience_s);

}  // namespace collscale
