// SPDX-License-Identifier: Apache-2.0
#include "xml/escape.hpp"

namespace collscale {

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '-' && !out.empty() && out.back() == '-')
      out += "&#45;";  // "--" would end a comment
    else
      out += c;
  }
  return out;
}

}  // namespace collscale
