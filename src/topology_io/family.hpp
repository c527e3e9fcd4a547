// SPDX-License-Identifier: Apache-2.0
// Families: systems that are computed from a few parameters, "fat-tree:nodes=4096,radix=128".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "topology/system.hpp"
#include "topology_io/figure_value.hpp"
#include "units/error.hpp"

namespace collscale {

/// The parameters of one request: those the family has, with the values a user gave to some.
class Parameters {
 public:
  struct Spec {
    std::string_view name;
    std::string_view meaning;
  };

  /// `text` is "nodes=4096,oversubscription=4". Fails on a parameter that the family does not have
  /// or that is given twice.
  static Expected<Parameters> parse(std::string_view family, std::string_view text,
                                    const std::vector<Spec>& specs);

  [[nodiscard]] std::string_view family() const { return family_; }
  [[nodiscard]] bool has(std::string_view name) const;
  /// As written, or "" when not given.
  [[nodiscard]] std::string_view text(std::string_view name) const;
  /// A figure labelled `assumed` whose source says that it is the user's or the family's default.
  [[nodiscard]] Expected<Figure> figure(std::string_view name, Quantity quantity,
                                        std::string_view fallback) const;
  /// "fat-tree:nodes=0: " + what: the form of every error.
  [[nodiscard]] tl::unexpected<Error> fail_at(std::string_view name,
                                              std::string_view message) const;

 private:
  struct Value {
    std::string name;
    std::string text;
  };
  std::string family_;
  std::vector<Value> values_;
};

/// Where systems are looked for by name (load.hpp).
using Directories = std::vector<std::filesystem::path>;

struct Family {
  std::string_view name;
  std::string_view description;
  const std::vector<Parameters::Spec>& (*parameters)();
  /// The directories are for families that vary a system of a file.
  Expected<System> (*make)(const Parameters&, const Directories&);
};

const std::vector<Family>& families();

/// fat_tree.cpp, multi_plane.cpp, rail_only.cpp, superpod.cpp, full_mesh.cpp, torus_family.cpp,
/// dragonfly_family.cpp, dragonfly_plus.cpp
const std::vector<Parameters::Spec>& fat_tree_parameters();
Expected<System> make_fat_tree(const Parameters& parameters);
const std::vector<Parameters::Spec>& multi_plane_parameters();
Expected<System> make_multi_plane(const Parameters& parameters);
const std::vector<Parameters::Spec>& rail_only_parameters();
Expected<System> make_rail_only(const Parameters& parameters);
const std::vector<Parameters::Spec>& superpod_parameters();
Expected<System> make_superpod(const Parameters& parameters, const Directories& directories);
const std::vector<Parameters::Spec>& full_mesh_parameters();
Expected<System> make_full_mesh(const Parameters& parameters);
const std::vector<Parameters::Spec>& torus_parameters();
Expected<System> make_torus(const Parameters& parameters);
const std::vector<Parameters::Spec>& dragonfly_parameters();
Expected<System> make_dragonfly(const Parameters& parameters);
const std::vector<Parameters::Spec>& dragonfly_plus_parameters();
Expected<System> make_dragonfly_plus(const Parameters& parameters);

}  // namespace collscale
