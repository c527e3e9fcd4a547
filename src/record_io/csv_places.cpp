// SPDX-License-Identifier: Apache-2.0
#include "record_io/csv_places.hpp"

#include <array>
#include <map>
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

bool names_a_figure(std::string_view name) {
  const auto field = csv_field_of(name);
  return field == CsvField::time || field == CsvField::algbw || field == CsvField::busbw ||
         field == CsvField::wrong;
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
    if (names_a_figure(rest)) return Placed{word.in_place, std::move(rest)};
  }
  return std::nullopt;
}

/// The columns of nccl-tests without the line above that says their places: "time,algbw,busbw,
/// #wrong,time,algbw,busbw,#wrong", which pandas reads as "time.1" the second time. Empty where not
/// two figures or more stand twice.
std::vector<std::optional<Placed>> repeats_of(const std::vector<std::string>& names) {
  static constexpr std::string_view kAgain = ".1";
  std::map<std::string, std::vector<std::size_t>> columns;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name = names[i];
    if (name.ends_with(kAgain)) name.resize(name.size() - kAgain.size());
    if (names_a_figure(name)) columns[name].push_back(i);
  }
  std::vector<std::optional<Placed>> placed(names.size());
  int twice = 0;
  for (const auto& [name, at] : columns) {
    if (at.size() != 2) continue;
    placed[at[0]] = Placed{false, name};
    placed[at[1]] = Placed{true, name};
    ++twice;
  }
  return twice < 2 ? std::vector<std::optional<Placed>>(names.size()) : placed;
}

}  // namespace

std::vector<CsvPlace> csv_places(const std::vector<std::string>& names) {
  std::vector<std::optional<Placed>> placed = repeats_of(names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!placed[i]) placed[i] = place_of(names[i]);
  }
  std::vector<CsvPlace> places;
  for (const bool in_place : {false, true}) {
    CsvPlace place{in_place, {}};
    bool own = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool here = placed[i] && placed[i]->in_place == in_place;
      place.names.push_back(!placed[i] ? names[i] : here ? placed[i]->rest : "");
      own = own || here;
    }
    if (own) places.push_back(std::move(place));
  }
  return places;
}

}  // namespace collscale
