// SPDX-License-Identifier: Apache-2.0
// `collscale topo draw`: a system as SVG.
#include "cli/commands/topo.hpp"
#include "cli/output.hpp"
#include "drawing/svg.hpp"
#include "topology_io/load.hpp"
#include "topology_picture/system_picture.hpp"

namespace collscale {

Expected<void> run(const TopoDrawOptions& options, const Terminal&) {
  if (auto writable = check_output("-o", options.output); !writable) return writable;
  const auto system = load_system(options.topology);
  if (!system) return tl::unexpected(system.error());
  const PictureDetail detail = options.folded ? PictureDetail::folded : PictureDetail::automatic;
  return write_text(options.output, svg_text(system_picture(*system, detail)));
}

}  // namespace collscale
