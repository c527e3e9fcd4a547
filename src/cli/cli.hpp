// SPDX-License-Identifier: Apache-2.0
// The command line: every command, its options and its help. The only place that knows CLI11.
#pragma once

#include <string>
#include <variant>

#include "cli/commands/calibrate.hpp"
#include "cli/commands/compare.hpp"
#include "cli/commands/doctor.hpp"
#include "cli/commands/extrapolate.hpp"
#include "cli/commands/goodput.hpp"
#include "cli/commands/import.hpp"
#include "cli/commands/predict.hpp"
#include "cli/commands/priors.hpp"
#include "cli/commands/schedule.hpp"
#include "cli/commands/startup.hpp"
#include "cli/commands/topo.hpp"
#include "cli/terminal.hpp"
#include "units/error.hpp"

namespace collscale {

/// --help, --version, or the bare tool.
struct ShowText {
  std::string text;
};

/// What the user asked for, with every value checked that can be checked without reading a file.
using Command =
    std::variant<ShowText, TopoListOptions, TopoShowOptions, TopoCheckOptions, TopoCompareOptions,
                 TopoDrawOptions, TopoExportOptions, PredictOptions, ImportCommandOptions,
                 CompareCommandOptions, CalibrateCommandOptions, ExtrapolateCommandOptions,
                 PriorsCommandOptions, ScheduleListOptions, ScheduleShowOptions,
                 ScheduleDrawOptions, StartupCommandOptions, GoodputCommandOptions, DoctorOptions>;

/// Errors are usage errors: one sentence with the flag, what was found and the nearest valid name.
Expected<Command> parse_command_line(int argc, const char* const* argv);

Expected<void> run_command(const Command& command, const Terminal& terminal);

}  // namespace collscale
