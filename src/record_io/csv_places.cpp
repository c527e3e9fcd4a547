// SPDX-License-Identifier: Apache-2.0
#include "record_io/csv_places.hpp"

#include <array>
#include <optional>
#include <string_view>

#include "record_io/csv_columns.hpp"

namespace collscale {
namespace {

struct PlaceWord {
  std::string_view text;
  bool in_place;
};

/// The longer first, so that "out of place" is not read as "out".
constexpr std::array<PlaceWord, 8> kPlaceWords{{{"out of place", false},
                                                {"outofplace", false},
                                                {"out", false},
                                                {"oop", false},
                                                {"in place", true},
                                                {"inplace", true},
                                                {"in", true},
                                                {"ip", true}}};

bool is_gap(char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; }

/// Small letters, with a blank for each gap: as long as `text`.
std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (is_gap(c)) c = ' ';
  }
  return result;
}

struct Placed {
  bool in_place;
  std::string rest;
};

/// "out algbw (GB/s)" and "algbw (GB/s) out" -> out of place and "algbw (GB/s)".
std::optional<Placed> place_of(std::string_view name) {
  const std::string plain = lowered(name);
  for (const PlaceWord& word : kPlaceWords) {
    const std::size_t length = word.text.size();
    if (plain.size() <= length + 1) continue;
    const std::size_t after = plain.size() - length;
    std::string rest;
    if (plain.starts_with(word.text) && plain[length] == ' ')
      rest = name.substr(length + 1);
    else if (plain.ends_with(word.text) && plain[after - 1] == ' ')
      rest = name.substr(0, after - 1);
    else
      continue;
    const auto field = csv_field_of(rest);
    if (field == CsvField::time || field == CsvField::algbw || field == CsvField::busbw ||
        field == CsvField::wrong)
      return Placed{word.in_place, std::move(rest)};
  }
  return std::nullopt;
}

}  // namespace

std::vector<CsvPlace> csv_places(const std::vector<std::string>& names) {
  std::vector<CsvPlace> places;
  for (const bool in_place : {false, true}) {
    CsvPlace place{in_place, {}};
    bool own = false;
    for (const std::string& name : names) {
      const auto placed = place_of(name);
      if (!placed) {
        place.names.push_back(name);
      } else {
        place.names.push_back(placed->in_place == in_place ? placed->rest : "");
        own = own || placed->in_place == in_place;
      }
    }
    if (own) places.push_back(std::move(place));
  }
  return places;
}

}  // namespace collscale
