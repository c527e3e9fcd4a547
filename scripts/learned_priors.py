# SPDX-License-Identifier: Apache-2.0
"""Priors made from published series by `collscale priors`: from all that count, or from all but one machine's."""

import os
from concurrent.futures import ThreadPoolExecutor

# Real measurements that say nothing of how a healthy system scales; shown, not counted, and nothing is learned from them.
NOT_COUNTED = {
    "polaris-sockets": "TCP sockets in place of the network's own transport",
    "polaris-sockets-cross-nic": "as polaris-sockets",
    "polaris-slingshot10-sockets": "as polaris-sockets, older network",
    "aws-p3dn-v100-2019": "EFA's first year: 20 us per ring hop",
    "l40s-aiconfigurator": "4 to 8 GPUs cross the socket: another tier, of which the smaller scales know nothing",
}


def machine_of(system):
    """Files of one machine, or one study of machines of a kind, which are left out together: polaris-ofi, polaris-osu-gpu."""
    return "aiconfigurator" if system.endswith("-aiconfigurator") else system.split("-")[0]


def learn(tool, folder, systems, path, without=None):
    """Writes the priors of all files of `folder` that count, without those of one machine."""
    machines = {}
    for system in systems:
        if system not in NOT_COUNTED and machine_of(system) != without:
            machines.setdefault(machine_of(system), []).append(os.path.join(folder, f"{system}.json"))
    tool.text("priors", *(",".join(files) for _, files in sorted(machines.items())), "-o", path)
    return path


def without_each(tool, folder, systems, predicted, scratch):
    """{system: the file of priors that its machine had no part in}, for those that are predicted."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = {machine: pool.submit(learn, tool, folder, systems, os.path.join(scratch, f"{machine}.json"), machine)
                 for machine in {machine_of(system) for system in predicted}}
        return {system: files[machine_of(system)].result() for system in predicted}
