// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "record_io/importer.hpp"

namespace collscale {

inline Expected<ImportReport> import_fixture(const std::string& name,
                                             const ImportOptions& options = {}) {
  return import_file(COLLSCALE_SOURCE_DIR "/tests/fixtures/logs/" + name, options);
}

inline std::string error_of(const Expected<ImportReport>& report) {
  return report ? "no error" : report.error().message;
}

}  // namespace collscale
