// SPDX-License-Identifier: Apache-2.0
// What a tool put before every line of a table: the file and line of grep, a line's number, a pod,
// a time of day.
#pragma once

#include <string>
#include <vector>

namespace collscale {

/// A table of OSU or IMB begins in a '#' at the front of a line. What stands before all of these,
/// as "out.log:12:" and "04:05:06 ", is taken from every line that begins so, whatever its figures.
/// Nothing where one of them has nothing before it.
void remove_header_prefix(std::vector<std::string>& lines);

/// Takes the '#' from before the rows where all rows are behind one, or from before every line, as
/// in a script's remarks. Where other rows are not, those behind a '#' were taken out by hand.
void uncomment_rows(std::vector<std::string>& lines);

}  // namespace collscale
