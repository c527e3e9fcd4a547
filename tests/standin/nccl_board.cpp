// SPDX-License-Identifier: Apache-2.0
#include "nccl_board.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>
#include <string>

namespace standin {
namespace {

struct Name {
  char magic[16];
  long process;
  int file;
  std::uint64_t nonce;
};
constexpr char kMagic[] = "stand-in board";

// Files of this process that are still open, so that an id used twice closes nothing else.
struct OpenFiles {
  std::mutex mutex;
  std::set<std::pair<int, std::uint64_t>> open;
  std::uint64_t next_nonce = 1;
};
OpenFiles& open_files() {
  static auto* const all = new OpenFiles;
  return *all;
}

}  // namespace

ncclUniqueId Board::make() {
  ncclUniqueId id{};
  Name name{};
  std::memcpy(name.magic, kMagic, sizeof(kMagic));
  name.process = getpid();
  name.file = memfd_create("stand-in for NCCL", MFD_CLOEXEC);
  if (name.file < 0 || ftruncate(name.file, sizeof(BoardMemory)) != 0) {
    return id;
  }
  OpenFiles& files = open_files();
  const std::scoped_lock lock(files.mutex);
  name.nonce = files.next_nonce++;
  files.open.emplace(name.file, name.nonce);
  std::memcpy(id.internal, &name, sizeof(name));
  return id;
}

std::shared_ptr<Board> Board::open(const ncclUniqueId& id) {
  Name name{};
  std::memcpy(&name, id.internal, sizeof(name));
  if (std::memcmp(name.magic, kMagic, sizeof(kMagic)) != 0) return nullptr;
  const std::string path =
      "/proc/" + std::to_string(name.process) + "/fd/" + std::to_string(name.file);
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* const memory =
      mmap(nullptr, sizeof(BoardMemory), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return nullptr;
  return std::make_shared<Board>(static_cast<BoardMemory*>(memory));
}

void Board::close_file(const ncclUniqueId& id) {
  Name name{};
  std::memcpy(&name, id.internal, sizeof(name));
  OpenFiles& files = open_files();
  const std::scoped_lock lock(files.mutex);
  if (name.process == getpid() && files.open.erase({name.file, name.nonce}) > 0) {
    close(name.file);
  }
}

Board::~Board() { munmap(memory_, sizeof(BoardMemory)); }

void Board::ring() {
  ++memory_->bell;
  syscall(SYS_futex, &memory_->bell, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

bool Board::wait(const std::function<bool()>& done, const std::function<bool()>& stop) {
  for (;;) {
    const std::uint32_t bell = memory_->bell;
    if (done()) return true;
    if (stop()) return false;
    // Not for ever: whoever should ring may have been killed in between.
    const timespec limit{0, 50'000'000};
    syscall(SYS_futex, &memory_->bell, FUTEX_WAIT, bell, &limit, nullptr, 0);
  }
}

}  // namespace standin
