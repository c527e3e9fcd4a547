// SPDX-License-Identifier: Apache-2.0
// Where a system's nodes are racks: accelerators of many hosts on one scale-up network (NVL72). To
// a collective such a rack is one node, but logs and tables count hosts.
#pragma once

#include <span>
#include <vector>

#include "record/record.hpp"
#include "topology/system.hpp"

namespace collscale {

/// Whether a record counts hosts where a node of `system` is a rack of them. MPI's ranks of a
/// family are as likely the cores of one host, which jobs may use in part.
bool counts_hosts(const Record& record, const System& system);

/// The records with racks of `system` for nodes where they count hosts: up to a full rack one node,
/// beyond it the fullest racks that share the ranks evenly at every scale (OCI's 128 and 192 GPUs
/// are 64 of each rack). Of records that were measured on `system`.
std::vector<Record> with_racks_for_nodes(std::vector<Record> records, const System& system);

}  // namespace collscale
