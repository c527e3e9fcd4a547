// SPDX-License-Identifier: Apache-2.0
#include "fault.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

namespace standin {
namespace {

struct Rule {
  std::string function;
  long call = 1;
  bool and_after = false;
  long rank = -1;
  long device = -1;
  Fault fault;
  std::atomic<long> calls{0};
};

long whole_number(const std::string& text, const std::string& of) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') {
    refuse("\"" + of + "\": \"" + text + "\" is not a whole number");
  }
  return value;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) {
    parts.push_back(part);
  }
  return parts;
}

Fault fault_of(const std::string& text) {
  const auto equals = text.find('=');
  const std::string what = text.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (what == "error") return {Fault::Kind::error, value, 0};
  if (what == "async-error") return {Fault::Kind::async_error, value, 0};
  if (what == "hang") return {Fault::Kind::hang, "", 0};
  if (what == "wrong") {
    return {Fault::Kind::wrong, "", value.empty() ? 0 : whole_number(value, text)};
  }
  if (what == "slow") return {Fault::Kind::slow, "", whole_number(value, text)};
  refuse("\"" + text + "\": expected error=NAME, async-error=NAME, hang, wrong or slow=US");
}

std::unique_ptr<Rule> rule_of(const std::string& text) {
  const std::vector<std::string> filters = split(text, ';');
  const std::vector<std::string> parts = split(filters.empty() ? "" : filters[0], ':');
  if (parts.size() != 3) {
    refuse("\"" + text + "\": expected FUNCTION:K:WHAT");
  }
  auto rule = std::make_unique<Rule>();
  rule->function = parts[0];
  std::string call = parts[1];
  if (!call.empty() && call.back() == '+') {
    rule->and_after = true;
    call.pop_back();
  }
  rule->call = whole_number(call, text);
  rule->fault = fault_of(parts[2]);
  for (std::size_t i = 1; i < filters.size(); ++i) {
    const std::vector<std::string> filter = split(filters[i], '=');
    if (filter.size() == 2 && filter[0] == "rank") {
      rule->rank = whole_number(filter[1], text);
    } else if (filter.size() == 2 && filter[0] == "device") {
      rule->device = whole_number(filter[1], text);
    } else {
      refuse("\"" + filters[i] + "\": expected rank=R or device=D");
    }
  }
  return rule;
}

// Never destroyed: threads of streams may still ask while the process ends.
const std::vector<std::unique_ptr<Rule>>& rules() {
  static const auto* const all = [] {
    auto* list = new std::vector<std::unique_ptr<Rule>>;
    const char* text = std::getenv("COLLSCALE_STANDIN_FAULT");
    for (const std::string& one : split(text == nullptr ? "" : text, ',')) {
      list->push_back(rule_of(one));
    }
    return list;
  }();
  return *all;
}

}  // namespace

void refuse(const std::string& sentence) {
  std::fprintf(stderr, "stand-in: %s\n", sentence.c_str());
  std::_Exit(99);
}

long setting(const char* variable, long otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : whole_number(text, variable);
}

Fault fault_at(const char* function, int device, int rank) {
  for (const auto& rule : rules()) {
    if (rule->function != function || (rule->rank >= 0 && rule->rank != rank) ||
        (rule->device >= 0 && rule->device != device)) {
      continue;
    }
    const long call = ++rule->calls;
    if (call == rule->call || (rule->and_after && call > rule->call)) {
      return rule->fault;
    }
  }
  return {};
}

void hang() {
  for (;;) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

void sleep_us(long microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

}  // namespace standin
