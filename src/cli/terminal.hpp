// SPDX-License-Identifier: Apache-2.0
// What the streams are connected to: colour and progress are for people who watch, never for pipes.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace collscale {

struct Terminal {
  bool colour_stdout = false;
  bool colour_stderr = false;
  bool progress = false;  ///< a line on stderr that is written over

  /// Colour needs a TTY, an empty NO_COLOR (https://no-color.org) and a TERM other than "dumb".
  static Terminal detect();
};

/// Whether a terminal obeys escape sequences (TERM is not "dumb"), and may be sent colours.
bool obeys_escapes();
bool may_be_coloured();

/// The text in bold where `colour` is on, else as it is.
std::string bold(std::string_view text, bool colour);

/// The text with bytes that a terminal would obey or cannot show as "\x1b": a file's words stand in
/// messages. Ends of lines and tabs stay.
std::string printable(std::string_view text);

/// `error: <message>` for stderr, its first word red where `colour` is on.
std::string error_line(std::string_view message, bool colour);

/// A line that is written over, and wiped when the work ends. It appears once the work is, or is
/// bound to be, longer than two seconds.
class StatusLine {
 public:
  /// `stream` is where the line goes; nullptr: nowhere.
  explicit StatusLine(std::FILE* stream);
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// The end of the text is cut where it is too long. `remaining_s` is 0 where unknown.
  void show(std::string_view text, double remaining_s = 0);
  /// Before anything else is printed.
  void clear();
  [[nodiscard]] double elapsed_s() const;

 private:
  std::FILE* stream_;
  double start_s_;
  bool visible_ = false;
  bool shown_ = false;  // once it has appeared it stays
};

/// "[17/96] what" on stderr. Silent where nobody watches.
class Progress {
 public:
  Progress(const Terminal& terminal, std::size_t total);

  /// Before each of the `total` parts.
  void next(std::string_view what);

 private:
  StatusLine line_;
  std::size_t total_;
  std::size_t done_ = 0;
};

}  // namespace collscale
