// SPDX-License-Identifier: Apache-2.0
#include "record_io/plain_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>

namespace collscale {
namespace {

enum class ByteOrder { little, big };

/// Nothing where the text is not UTF-16. Without a mark the zeros of its ASCII letters tell.
std::optional<ByteOrder> utf16_order(std::string_view text) {
  if (text.starts_with("\xFF\xFE")) return ByteOrder::little;
  if (text.starts_with("\xFE\xFF")) return ByteOrder::big;
  static constexpr std::size_t kEnough = 512;
  const std::string_view front = text.substr(0, std::min(text.size() / 2 * 2, kEnough));
  std::array<std::size_t, 2> zeros{};  // at even places, at odd ones
  for (std::size_t i = 0; i < front.size(); ++i) zeros[i % 2] += front[i] == '\0' ? 1 : 0;
  const std::size_t most = front.size() / 4;  // of as many letters half
  if (zeros[0] == 0 && zeros[1] > most) return ByteOrder::little;
  if (zeros[1] == 0 && zeros[0] > most) return ByteOrder::big;
  return std::nullopt;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

std::string from_utf16(std::string_view text, ByteOrder order) {
  const auto unit_at = [&](std::size_t at) -> std::uint32_t {
    const auto first = static_cast<unsigned char>(text[at]);
    const auto second = static_cast<unsigned char>(text[at + 1]);
    return order == ByteOrder::little ? first | second << 8 : second | first << 8;
  };
  std::string result;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    std::uint32_t code = unit_at(i);
    if (code >= 0xD800 && code < 0xDC00 && i + 3 < text.size()) {  // the first of a pair
      code = 0x10000 + ((code & 0x3FF) << 10) + (unit_at(i + 2) & 0x3FF);
      i += 2;
    }
    append_utf8(result, code);
  }
  return result;
}

struct Replacement {
  std::string_view from, to;
};

/// The first of the replacements that is at a place counts there.
std::string replaced(std::string_view text, std::span<const Replacement> replacements) {
  std::string fronts;
  for (const Replacement& one : replacements) fronts += one.from.front();
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto plain = std::min(text.find_first_of(fronts), text.size());
    result += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto found = std::find_if(replacements.begin(), replacements.end(),
                                    [&](const auto& one) { return text.starts_with(one.from); });
    const bool is_one = found != replacements.end();
    result += is_one ? found->to : text.substr(0, 1);
    text.remove_prefix(is_one ? found->from.size() : 1);
  }
  return result;
}

}  // namespace

std::string plain_text(std::string_view text) {
  const auto order = utf16_order(text);
  std::string result = order ? from_utf16(text, *order) : std::string(text);
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (result.starts_with(kByteOrderMark)) result.erase(0, kByteOrderMark.size());
  static constexpr std::array<Replacement, 3> kBlanks{
      {{"\u00a0", " "}, {"\u2007", " "}, {"\u202f", " "}}};
  result = replaced(result, kBlanks);
  if (result.find('\n') == std::string::npos)
    std::replace(result.begin(), result.end(), '\r', '\n');
  return result;
}

std::string without_markup(std::string_view text) {
  static constexpr std::array<Replacement, 13> kMarkup{{{"&nbsp;", " "},
                                                        {"&#160;", " "},
                                                        {"&lt;", "<"},
                                                        {"&gt;", ">"},
                                                        {"&quot;", "\""},
                                                        {"&#39;", "'"},
                                                        {"&amp;", "&"},
                                                        {"<br>\n", "\n"},
                                                        {"<br/>\n", "\n"},
                                                        {"<br>", "\n"},
                                                        {"<br/>", "\n"},
                                                        {"<pre>", ""},
                                                        {"</pre>", ""}}};
  return replaced(text, kMarkup);
}

bool is_text(std::string_view text) {
  static constexpr std::size_t kFront = 4096;
  static constexpr std::string_view kOfTerminals = "\t\n\v\f\r\b\a\x1b";
  const std::string_view front = text.substr(0, kFront);
  const auto controls = std::count_if(front.begin(), front.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && kOfTerminals.find(c) == std::string_view::npos;
  });
  return 50 * controls <= std::ssize(front);
}

}  // namespace collscale
