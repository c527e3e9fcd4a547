// SPDX-License-Identifier: Apache-2.0
#include "measure/tcp/rendezvous.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include "measure/clock.hpp"
#include "measure/fingerprint.hpp"

namespace collscale {

namespace {

constexpr std::uint32_t kMagic = 0xc0115ca1;
constexpr double kHandshake_s = 5;  // for the few bytes that follow a connection

enum class Kind : std::uint32_t { control, tree };

/// The first bytes on a connection.
struct Hello {
  std::uint32_t magic = kMagic;
  Kind kind = Kind::control;
  std::uint32_t run = 0;
  std::int32_t size = 0;
  std::int32_t rank = 0;
  std::uint32_t listens_at = 0;
  std::array<char, 64> host{};
};

/// Where a rank listens, as rank 0 tells it.
struct Entry {
  std::array<char, 48> host{};
  std::uint32_t port = 0;
  std::uint32_t with_rank_0 = 0;  ///< on the same host: its address may mean another one elsewhere
};

template <std::size_t n>
std::array<char, n> to_array(const std::string& text) {
  std::array<char, n> to{};
  std::copy_n(text.begin(), std::min(text.size(), n - 1), to.begin());
  return to;
}

std::string host_name() {
  std::array<char, 256> text{};
  ::gethostname(text.data(), text.size() - 1);
  return text.data();
}

Hello hello_of(const TcpPlace& place, Kind kind, std::uint32_t listens_at) {
  Hello hello;
  hello.kind = kind;
  hello.run = fingerprint_of(place.run);
  hello.size = place.size;
  hello.rank = place.rank;
  hello.listens_at = listens_at;
  hello.host = to_array<64>(host_name());
  return hello;
}

/// False for who is no process of this run.
bool take_hello(const Socket& socket, const TcpPlace& place, Kind kind, Hello& hello) {
  socket.limit_waiting(kHandshake_s);
  const bool ours = socket.receive(bytes_of(hello)) && hello.magic == kMagic &&
                    hello.kind == kind && hello.run == fingerprint_of(place.run);
  socket.limit_waiting(0);
  hello.host.back() = '\0';
  return ours;
}

/// "1, 2, 5-7"; of many the first.
std::string list_of(const std::vector<int>& ranks) {
  std::string text;
  constexpr int kMostParts = 8;
  int parts = 0;
  for (std::size_t i = 0; i < ranks.size(); ++parts) {
    if (parts == kMostParts) {
      return text + fmt::format(", and {} more", ranks.size() - i);
    }
    std::size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) {
      ++last;
    }
    text += fmt::format("{}{}", text.empty() ? "" : ", ", ranks[i]);
    if (last > i) {
      text += fmt::format("{}{}", last == i + 1 ? ", " : "-", ranks[last]);
    }
    i = last + 1;
  }
  return text;
}

/// A connection to each of the others, and one more of the children.
void allow_connections(int count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    const auto needed = static_cast<rlim_t>(count) + 256;
    limit.rlim_cur = std::min(std::max(limit.rlim_cur, needed), limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

Error no_such_rank(const TcpPlace& place, const Hello& hello) {
  if (hello.size != place.size) {
    return {
        fmt::format("rank {} on {} was told that there are {} processes, but rank 0 that there "
                    "are {}",
                    hello.rank, hello.host.data(), hello.size, place.size)};
  }
  return {fmt::format("two processes were told that they are rank {}", hello.rank)};
}

/// Fails where not all came.
Expected<std::vector<Entry>> receive_all(const TcpPlace& place, const Socket& listener,
                                         double patience_s, TcpLinks& links) {
  std::vector<Entry> table(static_cast<std::size_t>(place.size));
  const double until_s = steady_now_s() + patience_s;
  while (static_cast<int>(links.control.size()) < place.size - 1) {
    Socket socket = accept_within(listener, until_s - steady_now_s());
    if (!socket.is_open()) {
      std::vector<int> missing;
      for (int rank = 1; rank < place.size; ++rank) {
        if (!links.control.contains(rank)) missing.push_back(rank);
      }
      return fail(fmt::format("rank{} {} did not come to {}:{} within {:g} s",
                              missing.size() == 1 ? "" : "s", list_of(missing), place.host,
                              place.port, patience_s),
                  ExitCode::unavailable);
    }
    Hello hello;
    if (!take_hello(socket, place, Kind::control, hello)) {
      continue;  // a port scanner, or a process of another run
    }
    if (hello.size != place.size || hello.rank < 1 || hello.rank >= place.size ||
        links.control.contains(hello.rank)) {
      links.control.insert_or_assign(place.size + hello.rank, std::move(socket));  // is told, too
      return tl::unexpected(no_such_rank(place, hello));
    }
    const SocketAddress from = peer_address(socket);
    table[static_cast<std::size_t>(hello.rank)] = {
        to_array<48>(from.host), hello.listens_at,
        is_loopback(from.host) || from.host == own_address(socket).host ? 1U : 0U};
    links.host[hello.rank] = hello.host.data();
    links.control.insert_or_assign(hello.rank, std::move(socket));
  }
  return table;
}

Expected<std::vector<Entry>> gather(const TcpPlace& place, const Socket& listener,
                                    double patience_s, TcpLinks& links) {
  auto table = receive_all(place, listener, patience_s, links);
  for (const auto& [rank, socket] : links.control) {
    std::byte all_here{table ? std::uint8_t{1} : std::uint8_t{0}};
    static_cast<void>(socket.send(bytes_of(all_here)));  // who is gone by now is found out later
    if (table) {
      static_cast<void>(socket.send(std::as_bytes(std::span(*table))));
    }
  }
  return table;
}

/// Everyone but rank 0: a connection to it, and what it tells.
Expected<std::vector<Entry>> report_to_rank_0(const TcpPlace& place, std::uint32_t listens_at,
                                              double patience_s, TcpLinks& links) {
  const SocketAddress master{place.host, static_cast<std::uint16_t>(place.port)};
  const double until_s = steady_now_s() + patience_s;
  for (;;) {
    auto socket = connect_to(master, until_s - steady_now_s());
    if (!socket) {
      return fail(fmt::format("rank {} found no rank 0 at {}:{} within {:g} s: {}", place.rank,
                              place.host, place.port, patience_s, socket.error().message),
                  ExitCode::unavailable);
    }
    Hello hello = hello_of(place, Kind::control, listens_at);
    std::byte all_here{};
    // Rank 0 may have begun later, and is as patient.
    socket->limit_waiting(2 * patience_s + kHandshake_s);
    if (socket->send(bytes_of(hello)) && socket->receive(bytes_of(all_here))) {
      std::vector<Entry> table(static_cast<std::size_t>(place.size));
      if (all_here == std::byte{0} || !socket->receive(std::as_writable_bytes(std::span(table)))) {
        return fail("", ExitCode::unavailable);
      }
      socket->limit_waiting(0);
      links.host[0] = place.host;
      links.control.insert_or_assign(0, std::move(*socket));
      return table;
    }
    if (steady_now_s() >= until_s) {
      return fail(fmt::format("rank {}: who listens at {}:{} is not rank 0 of this run", place.rank,
                              place.host, place.port),
                  ExitCode::unavailable);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Expected<void> connect_parent(const TcpPlace& place, const std::vector<Entry>& table,
                              double patience_s, TcpLinks& links) {
  const int parent = tree_parent(place.rank);
  const Entry& entry = table[static_cast<std::size_t>(parent)];
  SocketAddress address{entry.host.data(), static_cast<std::uint16_t>(entry.port)};
  if (parent == 0) {
    address = peer_address(links.control.at(0));
  } else if (entry.with_rank_0 != 0) {
    address.host = peer_address(links.control.at(0)).host;
  }
  auto socket = connect_to(address, patience_s);
  Hello hello = hello_of(place, Kind::tree, 0);
  if (!socket || !socket->send(bytes_of(hello))) {
    return fail(
        fmt::format("rank {} cannot reach rank {} at {}:{}: {}", place.rank, parent, address.host,
                    address.port, socket ? "it closed the connection" : socket.error().message),
        ExitCode::unavailable);
  }
  links.tree.insert_or_assign(parent, std::move(*socket));
  return {};
}

Expected<void> accept_children(const TcpPlace& place, const Socket& listener, double patience_s,
                               TcpLinks& links) {
  const std::vector<int> children = tree_children(place.rank, place.size);
  std::vector<int> missing = children;
  const double until_s = steady_now_s() + patience_s;
  while (!missing.empty()) {
    Socket socket = accept_within(listener, until_s - steady_now_s());
    if (!socket.is_open()) {
      return fail(
          fmt::format("rank{} {} did not reach rank {} within {:g} s",
                      missing.size() == 1 ? "" : "s", list_of(missing), place.rank, patience_s),
          ExitCode::unavailable);
    }
    Hello hello;
    if (take_hello(socket, place, Kind::tree, hello) && std::erase(missing, hello.rank) == 1) {
      links.tree.insert_or_assign(hello.rank, std::move(socket));
    }
  }
  return {};
}

}  // namespace

int tree_parent(int rank) { return rank & (rank - 1); }

std::vector<int> tree_children(int rank, int size) {
  std::vector<int> children;
  for (int bit = 1; rank + bit < size && (rank & bit) == 0; bit *= 2) {
    children.push_back(rank + bit);
  }
  return children;
}

Expected<TcpLinks> meet(const TcpPlace& place, double patience_s) {
  TcpLinks links;
  if (place.size == 1) {
    return links;
  }
  if (place.rank == 0) {
    allow_connections(2 * place.size);
  }
  const auto listener = listen_at(place.rank == 0 ? place.port : 0);
  if (!listener) {
    return fail(fmt::format("rank {}: {}", place.rank, listener.error().message),
                ExitCode::unavailable);
  }
  const auto table = place.rank == 0
                         ? gather(place, *listener, patience_s, links)
                         : report_to_rank_0(place, own_address(*listener).port, patience_s, links);
  if (!table) {
    return tl::unexpected(table.error());
  }
  if (place.rank > 0) {
    if (auto up = connect_parent(place, *table, patience_s, links); !up) {
      return tl::unexpected(up.error());
    }
  }
  if (auto down = accept_children(place, *listener, patience_s, links); !down) {
    return tl::unexpected(down.error());
  }
  return links;
}

}  // namespace collscale
