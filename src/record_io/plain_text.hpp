// SPDX-License-Identifier: Apache-2.0
// Text as files and clipboards hold it.
#pragma once

#include <string>
#include <string_view>

namespace collscale {

/// The text as UTF-8 without a byte order mark, from UTF-16 with or without one, with plain blanks
/// for those that web pages and chats put in their place (U+00A0, U+2007, U+202F), and with ends of
/// lines where it has but carriage returns.
std::string plain_text(std::string_view text);

/// Without what a web page puts into a text: "&lt;stdout&gt;" is "<stdout>", "&nbsp;" a blank,
/// "<br>" the end of a line, "<pre>" nothing.
std::string without_markup(std::string_view text);

/// Whether it is text at all: in its front hardly any control characters. A log of a node that was
/// lost may hold a few.
bool is_text(std::string_view text);

}  // namespace collscale
