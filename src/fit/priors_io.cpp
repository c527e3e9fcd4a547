// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "fit/priors.hpp"

namespace collscale {
namespace {

using Json = nlohmann::ordered_json;

// What a file holds, in its order: visit(path, number) for each of its numbers.
template <class AnyPriors, class Visit>
void for_each_number(AnyPriors& priors, const Visit& visit) {
  visit("ends", priors.ends);
  visit("torus_ends", priors.torus_ends);
  visit("growth_weight", priors.growth_weight);
  visit("contention", priors.contention);
  const auto law = [&](const std::string& path, auto& widths) {
    visit(path + "/up", widths.up);
    visit(path + "/up_kappa", widths.up_kappa);
    visit(path + "/down", widths.down);
    visit(path + "/down_kappa", widths.down_kappa);
  };
  for (std::size_t r = 0; r < kRegimes; ++r)
    law(fmt::format("several_scales/{}", kRegimeNames[r]), priors.several_scales[r]);
  law("one_scale", priors.one_scale);
  law("several_inside", priors.several_inside);
}

}  // namespace

std::string priors_to_json(const Priors& priors) {
  Json json = Json::object();
  for_each_number(priors, [&](const std::string& path, double value) {
    json[Json::json_pointer("/" + path)] = value;
  });
  return json.dump(1) + "\n";
}

Expected<Priors> priors_from_json(std::string_view text, std::string_view file_name) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    return fail(
        fmt::format("{}: is no JSON object, expected what `collscale priors` wrote", file_name));
  Priors priors;
  std::string wrong;
  for_each_number(priors, [&](const std::string& path, double& value) {
    const Json::json_pointer pointer("/" + path);
    const Json* found = json.contains(pointer) ? &json.at(pointer) : nullptr;
    if (found != nullptr && found->is_number() && found->get<double>() >= 0.0) {
      value = found->get<double>();
    } else if (wrong.empty()) {
      wrong = fmt::format(
          "{}: {}: found {}, expected a number of at least 0, as `collscale priors` "
          "writes it",
          file_name, path, found == nullptr ? "nothing" : found->dump());
    }
  });
  if (!wrong.empty()) return fail(std::move(wrong));
  return priors;
}

}  // namespace collscale
