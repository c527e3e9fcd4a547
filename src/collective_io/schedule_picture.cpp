// SPDX-License-Identifier: Apache-2.0
#include "collective_io/schedule_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collective_io/labels.hpp"
#include "collective_io/replay.hpp"
#include "collective_io/rounds.hpp"

namespace collscale {
namespace {

constexpr Colour kInk{34, 34, 34};
constexpr Colour kMuted{102, 102, 102};
constexpr Colour kLine{190, 190, 190};
constexpr Colour kEmpty{246, 246, 246};
constexpr Colour kNode{232, 238, 245};
constexpr Colour kSwitch{245, 238, 226};
constexpr Colour kMany{68, 68, 68};  ///< arrows that carry several blocks
constexpr double kMargin = 24;
constexpr double kGutter = 132;  ///< left of the columns: number and words of each step
constexpr double kHeader = 104;  ///< where the names of the ranks begin

/// Whether no message tells one block from another: then only the parts of the data matter.
bool blocks_always_together(const ExecutionTrace& trace) {
  return std::all_of(trace.messages.begin(), trace.messages.end(), [&](const auto& message) {
    return !message.cells.empty() && block_count(message) == trace.blocks;
  });
}

/// Sizes and places that follow from what is drawn.
class Layout {
 public:
  Layout(const Schedule& schedule, const ExecutionTrace& trace)
      : vertices(schedule.ranks + trace.switches),
        ranks(schedule.ranks),
        pairs(blocks_are_pairs(schedule, trace)),
        parts(!pairs && blocks_always_together(trace)),
        across(pairs   ? schedule.ranks
               : parts ? static_cast<std::int64_t>(trace.atom_edges.size()) - 1
                       : trace.blocks) {
    cell = parts   ? std::clamp(104.0 / static_cast<double>(across), 4.0, 64.0)
           : pairs ? std::clamp(72.0 / static_cast<double>(across), 2.5, 12.0)
                   : std::clamp(104.0 / static_cast<double>(across), 4.0, 22.0);
    strip_width = cell * static_cast<double>(across);
    strip_height = pairs ? strip_width : 20;
    pitch = std::max({strip_width + 26, 62.0, 700.0 / static_cast<double>(vertices)});
  }

  [[nodiscard]] double centre(std::int64_t vertex) const {
    const double apart = vertex >= ranks ? 30 : 0;
    return kMargin + kGutter + (static_cast<double>(vertex) + 0.5) * pitch + apart;
  }
  [[nodiscard]] double right() const { return centre(vertices - 1) + pitch / 2; }

  std::int64_t vertices;
  std::int64_t ranks;
  bool pairs;           ///< blocks by origin and destination, in a square
  bool parts;           ///< no blocks: parts of the data side by side
  std::int64_t across;  ///< cells side by side
  double cell = 0;
  double strip_width = 0;
  double strip_height = 0;
  double pitch = 0;
};

class Painter {
 public:
  Painter(const Schedule& schedule, const ExecutionReport& report, const ExecutionTrace& trace,
          const PictureOptions& options, std::vector<Round> rounds)
      : schedule_(schedule),
        report_(report),
        trace_(trace),
        options_(options),
        rounds_(std::move(rounds)),
        layout_(schedule, trace) {}

  Picture paint() {
    double y = kHeader + 22;
    Replay replay(schedule_, trace_);
    strips(replay, y);
    for (std::size_t r = 0; r < rounds_.size(); ++r) {
      const double from = y + layout_.strip_height;
      const double gap = gap_of(rounds_[r]);
      step_words(rounds_[r], r, from + gap / 2);
      arrows(rounds_[r], from + 3, from + gap - 3);
      y = from + gap;
      replay.advance(rounds_[r]);
      strips(replay, y);
    }
    const double bottom = y + layout_.strip_height;
    const double end = legend(bottom + 34);
    header(bottom + 8);
    Picture picture;
    picture.title = headline(schedule_, report_, static_cast<std::int64_t>(rounds_.size()));
    picture.width = std::max(layout_.right(), widest_) + kMargin;
    picture.height = end + kMargin - 8;
    picture.marks = std::move(ground_);
    for (auto* layer : {&lines_, &cells_, &labels_})
      picture.marks.insert(picture.marks.end(), layer->begin(), layer->end());
    return picture;
  }

 private:
  [[nodiscard]] Colour colour_of(std::int64_t item) const {
    constexpr Colour kOnly{0, 114, 178};  // of what is never divided
    return layout_.across == 1 ? kOnly : item_colour(item, layout_.across);
  }

  /// The cell whose colour a message has, or none where it carries several.
  [[nodiscard]] std::optional<std::int64_t> only_item(const ExecutedMessage& message) const {
    if (message.cells.empty()) return {};
    const CellName first = message.cells.front();
    const auto item = [this](CellName cell) { return layout_.parts ? cell.atom : cell.block; };
    if (std::any_of(message.cells.begin(), message.cells.end(),
                    [&](CellName cell) { return item(cell) != item(first); }))
      return {};
    return layout_.pairs ? item(first) % layout_.ranks : item(first);
  }

  void words(double x, double y, std::string text, double size,
             Words::Anchor anchor = Words::Anchor::start, bool bold = false, Colour colour = kInk) {
    if (anchor == Words::Anchor::start)
      widest_ = std::max(widest_, x + text_width(text, size, bold));
    labels_.emplace_back(Words{x, y, std::move(text), size, anchor, bold, colour});
  }

  void header(double bottom) {
    words(kMargin, 38, headline(schedule_, report_, static_cast<std::int64_t>(rounds_.size())), 20,
          Words::Anchor::start, true);
    const auto drawn = static_cast<std::int64_t>(rounds_.size());
    std::string second = fmt::format("{} messages", report_.messages);
    if (rounds_by_time(schedule_))
      second += "; parts of the data go their own ways: a step is what starts at the same time";
    else if (drawn > report_.depth)
      second += fmt::format(
          "; drawn one step below the other, but some need not wait: the longest "
          "chain of messages is {}",
          report_.depth);
    words(kMargin, 60, second, 13, Words::Anchor::start, false, kMuted);

    const double top = kHeader - 20;
    std::int64_t first = 0;
    for (std::size_t node = 0; node < options_.nodes.size(); ++node) {
      const std::int64_t last = first + options_.nodes[node] - 1;
      const double left = layout_.centre(first) - layout_.pitch / 2 + 3;
      const double right = layout_.centre(last) + layout_.pitch / 2 - 3;
      ground_.emplace_back(
          Rectangle{left, top - 4, right - left, bottom - top + 4, kNode, 0, {}, 6});
      words((left + right) / 2, top + 11, fmt::format("node {}", node), 12, Words::Anchor::middle,
            false, kMuted);
      first = last + 1;
    }
    for (std::int64_t v = 0; v < layout_.vertices; ++v) {
      const bool is_rank = v < layout_.ranks;
      if (!is_rank)
        ground_.emplace_back(Rectangle{layout_.centre(v) - layout_.pitch / 2 + 3,
                                       top - 4,
                                       layout_.pitch - 6,
                                       bottom - top + 4,
                                       kSwitch,
                                       0,
                                       {},
                                       6});
      const std::string name = vertex_name(schedule_, v);
      words(layout_.centre(v), kHeader + 12, is_rank ? "rank " + name : name, 13,
            Words::Anchor::middle, true);
    }
    words(kMargin, kHeader + 36, "before", 13, Words::Anchor::start, true);
  }

  /// One cell: a band per atom, filled from the left in proportion to the contributions.
  void paint_cell(const Replay& replay, std::int64_t vertex, std::int64_t block, double x, double y,
                  double width, double height, Colour colour) {
    cells_.emplace_back(Rectangle{x, y, width, height, kEmpty, 0.6, kLine, 0});
    double run_low = 0;
    double run_share = 0;
    const auto flush = [&](double high) {
      if (run_share > 0)
        cells_.emplace_back(Rectangle{x,
                                      y + run_low * height,
                                      width * run_share,
                                      (high - run_low) * height,
                                      colour,
                                      0,
                                      {},
                                      0});
    };
    for (std::int64_t atom = 0; atom < replay.atoms(); ++atom) {
      const double low = trace_.atom_edges[static_cast<std::size_t>(atom)];
      const double share = replay.completeness(vertex, block, atom);
      if (atom > 0 && share == run_share) continue;
      flush(low);
      run_low = low;
      run_share = share;
    }
    flush(1);
  }

  void strips(const Replay& replay, double y) {
    for (std::int64_t v = 0; v < layout_.vertices; ++v) {
      const double left = layout_.centre(v) - layout_.strip_width / 2;
      for (std::int64_t atom = 0; layout_.parts && atom < layout_.across; ++atom) {
        const double low = trace_.atom_edges[static_cast<std::size_t>(atom)];
        const double high = trace_.atom_edges[static_cast<std::size_t>(atom) + 1];
        const double x = left + low * layout_.strip_width;
        const double width = (high - low) * layout_.strip_width;
        const double share = replay.completeness(v, 0, atom);
        cells_.emplace_back(Rectangle{x, y, width, layout_.strip_height, kEmpty, 0.6, kLine, 0});
        if (share > 0)
          cells_.emplace_back(
              Rectangle{x, y, width * share, layout_.strip_height, colour_of(atom), 0, {}, 0});
      }
      if (layout_.parts) continue;
      for (std::int64_t block = 0; block < trace_.blocks; ++block) {
        const std::int64_t column = layout_.pairs ? block % layout_.ranks : block;
        const double row = layout_.pairs ? static_cast<double>(block / layout_.ranks) : 0;
        const double height = layout_.pairs ? layout_.cell : layout_.strip_height;
        paint_cell(replay, v, block, left + static_cast<double>(column) * layout_.cell,
                   y + row * layout_.cell, layout_.cell, height, colour_of(column));
      }
    }
  }

  [[nodiscard]] double gap_of(const Round& round) const {
    double farthest = 1;
    for (const std::size_t m : round.messages)
      farthest = std::max(farthest, reach(trace_.messages[m]));
    return std::clamp(36 + farthest / 14, 52.0, 96.0);
  }

  void step_words(const Round& round, std::size_t number, double middle) {
    double least = 1e300;
    double most = 0;
    std::map<Transfer, bool> used;
    for (const std::size_t m : round.messages) {
      const ExecutedMessage& message = trace_.messages[m];
      least = std::min(least, message.fraction);
      most = std::max(most, message.fraction);
      used[message.transfer] = true;
    }
    std::string bytes = amount(most, options_.size_bytes);
    const std::string low = amount(least, options_.size_bytes);
    if (low != bytes) bytes = low + " to " + bytes;
    std::string doing;
    if (used.size() == 1) {
      doing = operation_words(used.begin()->first);
    } else {  // there is room for a word each
      const bool adds = used.count(Transfer::give) + used.count(Transfer::accumulate) > 0;
      if (adds) doing = "adds";
      if (used.count(Transfer::move) > 0) doing += adds ? " / moves" : "moves";
      if (used.count(Transfer::copy) > 0) doing += doing.empty() ? "copies" : " / copies";
    }
    words(kMargin, middle - 10, fmt::format("step {}", number + 1), 13, Words::Anchor::start, true);
    words(kMargin, middle + 6, doing, 12, Words::Anchor::start, false, kMuted);
    words(kMargin, middle + 21, bytes + " each", 12, Words::Anchor::start, false, kMuted);
  }

  void arrows(const Round& round, double top, double bottom) {
    std::map<std::int64_t, int> sends;
    std::map<std::int64_t, int> receives;
    for (const std::size_t m : round.messages) {
      ++sends[trace_.messages[m].source];
      ++receives[trace_.messages[m].destination];
    }
    // Short arrows have the choice of where their labels stand, long ones have room.
    std::vector<std::size_t> order = round.messages;
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return reach(trace_.messages[a]) < reach(trace_.messages[b]);
    });
    std::vector<Rectangle> taken;
    for (const std::size_t m : order) {
      const ExecutedMessage& message = trace_.messages[m];
      const bool adds =
          message.transfer == Transfer::give || message.transfer == Transfer::accumulate;
      const auto item = only_item(message);
      const Colour colour = item ? darker(colour_of(*item), 0.22) : kMany;
      const Arrow arrow{layout_.centre(message.source),
                        top,
                        layout_.centre(message.destination),
                        bottom,
                        colour,
                        1.7,
                        adds ? Arrow::End::plus : Arrow::End::head};
      lines_.emplace_back(arrow);
      // The label stands near the end that has the arrow for itself.
      const bool near_sender = sends[message.source] == 1 || receives[message.destination] > 1;
      label(message, arrow, near_sender, taken);
    }
  }

  [[nodiscard]] double reach(const ExecutedMessage& message) const {
    return std::abs(layout_.centre(message.source) - layout_.centre(message.destination));
  }

  [[nodiscard]] std::string label_text(const ExecutedMessage& message) const {
    constexpr std::size_t kLongest = 12;
    if (layout_.parts) {
      std::set<std::int64_t> atoms;
      for (const CellName cell : message.cells) atoms.insert(cell.atom);
      if (static_cast<std::int64_t>(atoms.size()) == layout_.across) return "all";
      std::string text = ranges({atoms.begin(), atoms.end()});
      return text.size() > kLongest ? fmt::format("{} parts", atoms.size()) : text;
    }
    std::string text = payload_label(schedule_, trace_, message);
    constexpr std::string_view kPart = "part ";
    const std::size_t part = text.find(kPart);
    if (part != std::string::npos) {
      const std::string blocks =
          part == 0 ? ""
                    : (part > kLongest ? fmt::format("{} blocks", block_count(message))
                                       : text.substr(0, part - 1));
      return fmt::format("{}·{}", blocks, text.substr(part + kPart.size()));
    }
    const bool arrow = text.find("→") != std::string::npos;  // three bytes, one letter
    if (text.size() > kLongest + (arrow ? 2 : 0))
      return fmt::format("{} blocks", block_count(message));
    return text;
  }

  /// On the arrow, where it covers no other label of the row.
  void label(const ExecutedMessage& message, const Arrow& arrow, bool near_sender,
             std::vector<Rectangle>& taken) {
    if (message.cells.empty() || (layout_.parts && layout_.across == 1)) return;
    constexpr double kSize = 11;
    std::string text = label_text(message);
    const double width = text_width(text, kSize) + 6;
    const auto box_at = [&](double share) {
      return Rectangle{arrow.x1 + share * (arrow.x2 - arrow.x1) - width / 2,
                       arrow.y1 + share * (arrow.y2 - arrow.y1) - 8,
                       width,
                       15,
                       {255, 255, 255},
                       0.8,
                       arrow.colour,
                       4};
    };
    const auto is_free = [&](const Rectangle& box) {
      return std::none_of(taken.begin(), taken.end(), [&](const Rectangle& other) {
        return box.x < other.x + other.width + 1 && other.x < box.x + box.width + 1 &&
               box.y < other.y + other.height && other.y < box.y + box.height;
      });
    };
    constexpr std::array kPlaces{0.27, 0.22, 0.34, 0.41, 0.48, 0.55, 0.62, 0.68, 0.74};
    Rectangle box = box_at(near_sender ? kPlaces.front() : 1 - kPlaces.front() - 0.05);
    for (const double place : kPlaces) {
      const Rectangle tried = box_at(near_sender ? place : 0.95 - place);
      if (!is_free(tried)) continue;
      box = tried;
      break;
    }
    taken.push_back(box);
    labels_.emplace_back(box);
    labels_.emplace_back(Words{box.x + width / 2, box.y + 11.5, std::move(text), kSize,
                               Words::Anchor::middle, false, kInk});
  }

  /// Words for every sign that is used; returns where it ends.
  double legend(double y) {
    bool adds = false;
    bool copies = false;
    bool many = false;
    for (const ExecutedMessage& message : trace_.messages) {
      const bool sum =
          message.transfer == Transfer::give || message.transfer == Transfer::accumulate;
      adds = adds || sum;
      copies = copies || !sum;
      many = many || !only_item(message);
    }
    const double left = kMargin;
    const auto line = [&](const std::string& text) {
      words(left + 46, y + 4, text, 13);
      y += 24;
    };
    const double box = 14;
    const auto sample = [&](double x, double share) {
      cells_.emplace_back(Rectangle{x, y - box / 2, box, box, kEmpty, 0.6, kLine, 0});
      if (share > 0)
        cells_.emplace_back(Rectangle{x, y - box / 2, box * share, box, colour_of(0), 0, {}, 0});
    };
    sample(left, 0);
    sample(left + 18, 1);
    if (layout_.pairs)
      line(
          "a square of cells per rank: row = origin of the block, column and colour = its "
          "destination; filled where the rank holds it");
    else if (layout_.parts && layout_.across == 1)
      line(
          "one cell per rank: all of the data, as every message carries all of it; filled where "
          "the rank holds it");
    else if (layout_.parts)
      line(
          "a strip of cells per rank, one cell per part of the data, coloured by the part's "
          "number; filled where the rank holds it");
    else
      line(
          "a strip of cells per rank, one cell per block, coloured by the block's number; filled "
          "where the rank holds it");
    if (adds) {
      sample(left, 1.0 / 3);
      sample(left + 18, 2.0 / 3);
      line(
          "filled from the left as far as the sum is complete: a full cell has every rank's "
          "contribution");
    }
    if (trace_.atom_edges.size() > 2 && !layout_.parts) {
      for (int i = 0; i < 2; ++i)
        cells_.emplace_back(
            Rectangle{left + 18.0 * i, y - box / 2, box, box, kEmpty, 0.6, kLine, 0});
      cells_.emplace_back(Rectangle{left, y - box / 2, box, box / 2, colour_of(0), 0, {}, 0});
      cells_.emplace_back(Rectangle{left + 18, y, box, box / 2, colour_of(0), 0, {}, 0});
      line(
          "bands within a cell: blocks are cut into parts that travel by themselves; 5·1/2 is the "
          "first half of block 5");
    }
    if (copies) {
      lines_.emplace_back(
          Arrow{left, y, left + 34, y, darker(colour_of(0), 0.22), 1.7, Arrow::End::head});
      line(
          "a message: the receiver now holds what it carries; a cell that empties has been "
          "handed over");
    }
    if (adds) {
      lines_.emplace_back(
          Arrow{left, y, left + 34, y, darker(colour_of(0), 0.22), 1.7, Arrow::End::plus});
      line("a message that the receiver adds to what it has");
    }
    if (many) {
      lines_.emplace_back(Arrow{left, y, left + 34, y, kMany, 1.7, Arrow::End::none});
      line(layout_.parts
               ? "dark: several parts in one message; otherwise in the colour of its part"
               : "dark: several blocks in one message; otherwise in the colour of its block");
    }
    words(left, y + 4,
          "S: the size of the collective, the larger of a rank's two buffers. Drawn by replaying "
          "the executed schedule.",
          12, Words::Anchor::start, false, kMuted);
    return y + 10;
  }

  const Schedule& schedule_;
  const ExecutionReport& report_;
  const ExecutionTrace& trace_;
  const PictureOptions& options_;
  std::vector<Round> rounds_;
  Layout layout_;
  double widest_ = 0;
  std::vector<Mark> ground_;  ///< bottom to top: ground, lines, cells, labels
  std::vector<Mark> lines_;
  std::vector<Mark> cells_;
  std::vector<Mark> labels_;
};

}  // namespace

Expected<Picture> schedule_picture(const Schedule& schedule, const ExecutionReport& report,
                                   const ExecutionTrace& trace, const PictureOptions& options) {
  if (schedule.ranks > kMostDrawnRanks)
    return fail(
        fmt::format("{} ranks are too many to draw: at most {}, of which a picture shows "
                    "the pattern",
                    schedule.ranks, kMostDrawnRanks));
  std::vector<Round> shown = rounds(schedule, trace);
  if (static_cast<std::int64_t>(shown.size()) > kMostDrawnSteps)
    return fail(
        fmt::format("{} steps are too many to draw: at most {}; fewer ranks or chunks "
                    "would do",
                    shown.size(), kMostDrawnSteps));
  return Painter(schedule, report, trace, options, std::move(shown)).paint();
}

}  // namespace collscale
