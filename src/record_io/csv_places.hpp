// SPDX-License-Identifier: Apache-2.0
// Tables whose rows hold a point twice, as nccl-tests measures it: out of place and in place.
#pragma once

#include <string>
#include <vector>

namespace collscale {

/// The columns as one place sees them.
struct CsvPlace {
  bool in_place = false;
  std::vector<std::string> names;  ///< as many as the table's: "algbw (GB/s)" of "out algbw
                                   ///< (GB/s)"; empty where the column is the other place's
};

/// Empty where no figure's column says its place: "out busbw", "algbw_ip", "time (us) in-place"; or
/// the second "time", "algbw", "busbw" of a table that has each twice.
std::vector<CsvPlace> csv_places(const std::vector<std::string>& names);

}  // namespace collscale
