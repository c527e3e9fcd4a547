// SPDX-License-Identifier: Apache-2.0
#include "topology_io/load.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "topology_io/family.hpp"
#include "topology_io/system_file.hpp"
#include "units/suggest.hpp"

namespace collscale {

namespace {

namespace fs = std::filesystem;

std::string sentence(const Problem& problem, std::string_view where) {
  return fmt::format("{}: {}: {}", where, problem.field, problem.message);
}

Inspection inspect_file(const std::string& path, const std::vector<fs::path>& directories) {
  Inspection inspection;
  Expected<SystemFile> file = read_system_file(path, directories);
  if (!file) {
    inspection.errors.push_back(file.error().message);
    return inspection;
  }
  for (const Problem& problem : check_system(file->system)) {
    const auto place = file->places.find(problem.field);
    (problem.is_error ? inspection.errors : inspection.warnings)
        .push_back(sentence(problem, place == file->places.end() ? path : place->second));
  }
  if (inspection.errors.empty()) inspection.system = std::move(file->system);
  return inspection;
}

Expected<System> load_file(const std::string& path, const std::vector<fs::path>& directories) {
  Inspection inspection = inspect_file(path, directories);
  if (!inspection.system) return fail(inspection.errors.front());
  return *std::move(inspection.system);
}

Expected<System> load_family(const Family& family, std::string_view text,
                             std::string_view parameter_text,
                             const std::vector<fs::path>& directories) {
  const Expected<Parameters> parameters =
      Parameters::parse(family.name, parameter_text, family.parameters());
  if (!parameters) return tl::unexpected<Error>(parameters.error());
  Expected<System> system = family.make(*parameters, directories);
  if (!system) return system;
  system->origin = text;
  for (const Problem& problem : check_system(*system)) {
    if (problem.is_error) return fail(sentence(problem, text));
  }
  return system;
}

bool looks_like_file(std::string_view text) {
  const auto ends_with = [text](std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
  };
  return text.find('/') != std::string_view::npos || ends_with(".yaml") || ends_with(".yml");
}

/// Names of the files of the directories with where they are; the first of a name hides the others.
std::vector<SystemEntry> named_files(const std::vector<fs::path>& directories) {
  std::vector<SystemEntry> entries;
  for (const fs::path& directory : directories) {
    std::error_code status;
    for (fs::directory_iterator file(directory, status), end; !status && file != end;
         file.increment(status)) {
      if (file->path().extension() != ".yaml" || !file->is_regular_file(status)) continue;
      std::string name = file->path().stem().string();
      const bool hidden = std::any_of(entries.begin(), entries.end(),
                                      [&name](const SystemEntry& e) { return e.name == name; });
      if (!hidden) entries.push_back({std::move(name), "", file->path(), ""});
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const SystemEntry& a, const SystemEntry& b) { return a.name < b.name; });
  return entries;
}

bool is_name(std::string_view text, const std::vector<SystemEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(),
                     [text](const SystemEntry& entry) { return entry.name == text; });
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) names.emplace_back(family.name);
  return names;
}

const Family* find_family(std::string_view name) {
  for (const Family& family : families()) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

/// As suggestion(); a name is also near when the beginning of a candidate is, up to one of its
/// hyphens: "colosus" means "colossus-100k".
std::string suggest_system(std::string_view text, const std::vector<std::string>& names) {
  std::string nearest = nearest_name(text, names);
  if (!nearest.empty()) return suggestion(text, names);
  std::vector<std::string> beginnings;
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t at = names[i].find('-'); at != std::string::npos;
         at = names[i].find('-', at + 1)) {
      beginnings.push_back(names[i].substr(0, at));
      owners.push_back(i);
    }
  }
  nearest = nearest_name(text, beginnings);
  constexpr std::size_t kFew = 12;  // a sentence that one still reads
  if (nearest.empty() && names.size() > kFew) return ", see `collscale topo list`";
  if (nearest.empty()) return suggestion(text, names);
  const auto found = std::find(beginnings.begin(), beginnings.end(), nearest);
  return fmt::format(", did you mean \"{}\"?",
                     names[owners[static_cast<std::size_t>(found - beginnings.begin())]]);
}

}  // namespace

Expected<System> load_system(std::string_view text, const std::vector<fs::path>& directories) {
  if (text.empty()) return fail("found no topology, expected a name, a file or a family");
  const std::size_t colon = text.find(':');
  const std::string_view family_name = text.substr(0, colon);
  if (const Family* family = find_family(family_name)) {
    return load_family(*family, text, colon == std::string_view::npos ? "" : text.substr(colon + 1),
                       directories);
  }
  std::error_code status;
  if (looks_like_file(text)) {
    if (!fs::exists(text, status)) {
      // "colossus-100k.yaml" where there is no such file is the name with too much behind it.
      const std::string stem = fs::path(text).stem().string();
      const bool known =
          text.find('/') == std::string_view::npos && is_name(stem, named_files(directories));
      return fail(fmt::format("topology file \"{}\" does not exist{}", text,
                              known ? fmt::format(", did you mean \"{}\"?", stem) : ""));
    }
    return load_file(std::string(text), directories);
  }
  if (colon != std::string_view::npos) {
    if (is_name(family_name, named_files(directories))) {
      return fail(
          fmt::format("topology \"{}\" takes no parameters, found \"{}\"; families that "
                      "take some: {}",
                      family_name, text.substr(colon + 1), fmt::join(family_names(), ", ")));
    }
    return fail(fmt::format("unknown topology family \"{}\"{}", family_name,
                            suggestion(family_name, family_names())));
  }
  std::vector<std::string> names = family_names();
  for (const SystemEntry& entry : named_files(directories)) {
    if (entry.name == text) return load_file(entry.path.string(), directories);
    names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return fail(fmt::format("unknown topology \"{}\"{}", text, suggest_system(text, names)));
}

Expected<System> load_system(std::string_view text) {
  return load_system(text, topology_directories());
}

Inspection inspect_system(std::string_view text, const std::vector<fs::path>& directories) {
  std::error_code status;
  if (looks_like_file(text) && fs::exists(text, status))
    return inspect_file(std::string(text), directories);
  Inspection inspection;
  Expected<System> system = load_system(text, directories);
  if (!system) {
    inspection.errors.push_back(system.error().message);
    return inspection;
  }
  inspection.warnings = system_warnings(*system);
  inspection.system = *std::move(system);
  return inspection;
}

Inspection inspect_system(std::string_view text) {
  return inspect_system(text, topology_directories());
}

std::vector<std::string> system_warnings(const System& system) {
  std::vector<std::string> warnings;
  for (const Problem& problem : check_system(system)) {
    if (!problem.is_error) warnings.push_back(sentence(problem, system.origin));
  }
  return warnings;
}

std::vector<SystemEntry> list_systems(const std::vector<fs::path>& directories) {
  std::vector<SystemEntry> entries = named_files(directories);
  for (SystemEntry& entry : entries) {
    const Expected<System> system = load_file(entry.path.string(), directories);
    if (system) {
      entry.description = system->description;
    } else {
      entry.problem = system.error().message;
    }
  }
  for (const Family& family : families()) {
    entries.push_back({std::string(family.name), std::string(family.description), "", ""});
  }
  return entries;
}

std::vector<SystemEntry> list_systems() { return list_systems(topology_directories()); }

}  // namespace collscale
