// SPDX-License-Identifier: Apache-2.0
// How the command line is put together: private to cli.cpp and command_line_*.cpp, which alone know
// CLI11.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/cli.hpp"
#include "cli/values.hpp"

namespace collscale {

/// A command as it is being defined.
struct Definition {
  CLI::App* app;
  std::vector<std::string> examples;
  std::vector<std::string> required;  ///< as CLI11 names them: "--sizes", "RESULTS"
};

/// Options that set a value through a parser (values.hpp). CLI11 calls back before it looks for
/// --help and for unknown options, so the first bad value is kept until those have had their turn.
class Options {
 public:
  template <class T, class Parser>
  CLI::Option* add(CLI::App& app, const std::string& names, const std::string& placeholder,
                   T& target, const Parser& parse, const std::string& help) {
    const std::string flag = names.substr(0, names.find(','));
    return app
        .add_option_function<std::string>(
            names,
            [this, flag, &target, parse](const std::string& text) {
              auto value = parse(text);
              if (value) {
                target = *std::move(value);
              } else if (!first_error_) {
                first_error_ = Error{fmt::format("{}: {}", flag, value.error().message)};
              }
            },
            help)
        ->type_name(placeholder)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  /// The same for an option that may be given several times.
  template <class T, class Parser>
  CLI::Option* add_each(CLI::App& app, const std::string& flag, const std::string& placeholder,
                        std::vector<T>& target, const Parser& parse, const std::string& help) {
    return app
        .add_option_function<std::vector<std::string>>(
            flag,
            [this, flag, &target, parse](const std::vector<std::string>& texts) {
              for (const std::string& text : texts) {
                auto value = parse(text);
                if (value)
                  target.push_back(*std::move(value));
                else if (!first_error_)
                  first_error_ = Error{fmt::format("{}: {}", flag, value.error().message)};
              }
            },
            help)
        ->type_name(placeholder)
        ->allow_extra_args(false);
  }

  void add_json(CLI::App& app, std::string& target) {
    add(app, "--json", "FILE|-", target, parse_text,
        "also as JSON; - is stdout, without the table");
  }

  [[nodiscard]] const std::optional<Error>& first_error() const { return first_error_; }

 private:
  std::optional<Error> first_error_;
};

// ---- words of several commands

inline constexpr const char* kTopologyHelp =
    "a name from `collscale topo list`, a file, or a family with parameters "
    "(fat-tree:nodes=4096,oversubscription=4; torus:dims=4x4x4; dragonfly:groups=9)";
inline constexpr const char* kSizesHelp =
    "the larger of a rank's two buffers: 1GiB, a list 8B,1MiB, or a range 8B:1GiB:x2";

// ---- help and errors of usage (command_line_text.cpp)

/// What the bare tool prints.
extern const std::string_view kBareText;

/// One sentence, the examples (CLI11's footer), the usage line, commands and options.
std::string help_text(const CLI::App* app, std::string, CLI::AppFormatMode);

/// What was left over: an unknown option or, where commands are expected, an unknown command.
std::optional<Error> unknown_word(const CLI::App& app);

/// "-sizes 1GiB" is read as "-s izes": say what was meant before anything says what that is.
std::optional<Error> single_dash(const CLI::App& app, const std::vector<std::string>& arguments);

std::optional<Error> missing_option(const Definition& command);

/// CLI11's exceptions that can still happen: an option without its value, a flag with one.
Error rephrase(const CLI::ParseError& error, const CLI::App& app);

/// Every command with the values it fills. Lives for one parse.
class CommandLine {
 public:
  CommandLine();
  Expected<Command> parse(std::vector<std::string> arguments);

 private:
  CLI::App& add(CLI::App& parent, const std::string& command, const std::string& description,
                std::vector<std::string> examples, std::vector<std::string> required = {});
  void add_topo();
  void add_topo_judgements(CLI::App& topo);
  void add_topo_files(CLI::App& topo);
  void add_predict();  // command_line_predict.cpp
  void add_question(CLI::App& app);
  void add_library(CLI::App& app);
  void add_surroundings(CLI::App& app);
  void add_terms(CLI::App& app);
  void add_flow(CLI::App& app);
  void add_event(CLI::App& app);
  void add_import();
  void add_compare();
  void add_calibrate();
  void add_extrapolate();
  void add_priors();
  void add_schedule();
  void add_scale();
  void add_choice(CLI::App& app, ScheduleChoice& choice);
  Expected<Command> chosen() const;

  CLI::App app_{"", "collscale"};
  Options options_;
  std::vector<Definition> definitions_;
  TopoListOptions topo_list_;
  TopoShowOptions topo_show_;
  TopoCheckOptions topo_check_;
  TopoCompareOptions topo_compare_;
  TopoDrawOptions topo_draw_;
  TopoExportOptions topo_export_;
  PredictOptions predict_;
  ImportCommandOptions import_;
  CompareCommandOptions compare_;
  CalibrateCommandOptions calibrate_;
  ExtrapolateCommandOptions extrapolate_;
  PriorsCommandOptions priors_;
  ScheduleListOptions schedule_list_;
  ScheduleShowOptions schedule_show_;
  ScheduleDrawOptions schedule_draw_;
  StartupCommandOptions startup_;
  GoodputCommandOptions goodput_;
  DoctorOptions doctor_;
  bool version_ = false;
};

}  // namespace collscale
