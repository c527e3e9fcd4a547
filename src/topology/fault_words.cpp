// SPDX-License-Identifier: Apache-2.0
#include "topology/fault_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "units/suggest.hpp"

namespace collscale::fault_words {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789,-*") == std::string_view::npos;
}

Expected<std::vector<std::int64_t>> expand(std::string_view all_text, std::string_view text,
                                           std::string_view unit, std::int64_t count) {
  std::vector<std::int64_t> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view part = text.substr(at, end - at);
    at = end + 1;
    std::optional<std::int64_t> first = 0;
    std::optional<std::int64_t> last = count - 1;
    if (part != "*") {
      const std::size_t dash = part.find('-');
      first = number<std::int64_t>(part.substr(0, dash));
      last = dash == std::string_view::npos ? first : number<std::int64_t>(part.substr(dash + 1));
    }
    if (!first || !last || *first < 0 || (*last < *first && part != "*"))
      return fail(fmt::format("\"{}\": \"{}\" is no number of a {}, as in 3, 0-7, 1,4 or *",
                              all_text, part, unit));
    if (*last >= count)
      return fail(
          fmt::format("\"{}\": no {} {}, they are 0 to {}", all_text, unit, *last, count - 1));
    for (std::int64_t i = *first; i <= *last; ++i) numbers.push_back(i);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

tl::unexpected<Error> unknown(std::string_view all_text, std::string_view word,
                              const std::vector<std::string>& known) {
  return fail(
      fmt::format("\"{}\": \"{}\" is not known here{}", all_text, word, suggestion(word, known)));
}

}  // namespace collscale::fault_words
