// SPDX-License-Identifier: Apache-2.0
// Source of everything here: NVIDIA/nccl, src/graph/tuning.cc, at the tags v2.19.4-1, v2.20.5-1,
// v2.21.5-1, v2.22.3-1, v2.23.4-1, v2.24.3-1, v2.25.1-1, v2.26.6-1, v2.27.7-1, v2.28.9-1, v2.29.7-1
// and v2.30.7-1. Tags of provenance: [P] read in the primary source, at the line named (of the
// version in which the number appears first; of v2.28.9-1 where it is still there), [D] derived.
#include "selector/nccl/tables.hpp"

namespace collscale {
namespace {

constexpr std::array<std::string_view, kNcclAlgorithms> kAlgorithmNames = {
    "Tree", "Ring", "CollNetDirect", "CollNetChain", "NVLS", "NVLSTree", "PAT"};  // [P] init.cc:50
constexpr std::array<std::string_view, kNcclProtocols> kProtocolNames = {
    "LL", "LL128", "Simple"};  // [P] init.cc:51

// Rows: Tree, Ring, CollNetDirect, CollNetChain, NVLS, NVLSTree, PAT. Columns: LL, LL128, Simple.
constexpr NcclByAlgorithm kBase = {{{6.8, 14.0, 0},  // [P] v2.19.4-1 tuning.cc:56-59
                                    {6.6, 14.0, 8.4},
                                    {0, 0, 0},
                                    {0, 0, 0},
                                    {0, 0, 0},
                                    {0, 0, 0},
                                    {8.0, 8.0, 8.0}}};  // [P] 147; before 2.28 in the formula

constexpr NcclByAlgorithm kNvlink = {{{0.6, 1.25, 28},  // [P] v2.19.4-1 tuning.cc:67-69
                                      {0.6, 1.9, 3.4},
                                      {0, 0, 3.7},
                                      {0, 0, 2.8},
                                      {0, 0, 23},
                                      {0, 0, 23},
                                      {0, 0, 4.0}}};  // [P] 154

constexpr NcclByAlgorithm kPci = {{{1.0, 1.9, 28},  // [P] v2.19.4-1 tuning.cc:71-73
                                   {1.0, 2.5, 5.7},
                                   {0, 0, 3.7},
                                   {0, 0, 2.8},
                                   {0, 0, 0},
                                   {0, 0, 0},
                                   {0, 0, 4.0}}};  // [P] 160

constexpr NcclByAlgorithm kNet = {{{5.0, 8.5, 28},  // [P] v2.19.4-1 tuning.cc:75-77
                                   {2.7, 4.0, 14.0},
                                   {0, 0, 31},
                                   {0, 0, 30},
                                   {0, 0, 18},
                                   {0, 0, 14},
                                   {0, 0, 14}}};  // [P] 166

// Rows: Volta, Ampere, Hopper, Blackwell. Columns: 1 node, 2, more.
constexpr NcclByGeneration kLl = {{{39.0, 39.0, 20.4},  // [P] v2.19.4-1 tuning.cc:86-90
                                   {87.7, 22.5, 19.0},
                                   {87.7, 22.5, 19.0},
                                   {2 * 141.0, 2 * 45.0, 2 * 35.0}}};  // [P] 173
constexpr NcclByGeneration kRingLl128 = {{{20.0, 20.0, 20.0},          // [P] 175-180
                                          {20.0, 20.0, 20.0},
                                          {36.7, 36.7, 36.7},
                                          {2 * 36.7, 2 * 36.7, 2 * 36.7}}};  // [P] v2.25.1-1
constexpr NcclByGeneration kTreeLl128 = {{{20.0, 20.0, 20.0},                // [P] 181-186
                                          {20.0, 20.0, 20.0},
                                          {36.7, 36.7, 29.0},
                                          {2 * 36.7, 2 * 36.7, 2 * 29.0}}};  // [P] v2.25.1-1
constexpr NcclByGeneration kTree = {{{26.5, 18.5, 10.0},                     // [P] 187-192
                                     {24.0, 23.6, 17.8},
                                     {38.7, 41.4, 36.0},
                                     {2 * 38.7, 2 * 41.4, 2 * 36.0}}};  // [P] v2.25.1-1
constexpr NcclByGeneration kNvlsTree = {{{26.5, 18.5, 10.0},            // [P] 193-198
                                         {24.0, 23.6, 17.8},
                                         {0.0, 57.7, 45.5},
                                         {0.0, 96.0, 43.8}}};
constexpr std::array<double, 4> kNvlsEfficiency = {0.0, 0.0, 0.85, 0.74};  // [P] 134-139

constexpr std::size_t kSimple = index(NcclProtocol::simple);

constexpr NcclTables tables_of(int minor) {
  constexpr std::size_t tree = index(NcclAlgorithm::tree);
  constexpr std::size_t nvls = index(NcclAlgorithm::nvls);
  constexpr std::size_t nvls_tree = index(NcclAlgorithm::nvls_tree);
  NcclTables t{.base_latency_us = kBase,
               .hardware_latency_us = {kNvlink, kPci, kNet},
               .ll_max_GBps = kLl,
               .ring_ll128_max_GBps = kRingLl128,
               .tree_ll128_max_GBps = kTreeLl128,
               .tree_max_GBps = kTree,
               .nvls_tree_max_GBps = kNvlsTree,
               .nvls_efficiency = kNvlsEfficiency,
               .rules = {}};
  // Numbers, in the order in which the versions changed them.
  if (minor >= 21) {
    t.hardware_latency_us[0][nvls][kSimple] = 25;  // [P] v2.21.5-1 tuning.cc:69
    t.hardware_latency_us[0][nvls_tree][kSimple] = 25;
    t.ll_max_GBps[2] = {141.0, 45.0, 35.0};  // [P] v2.21.5-1 tuning.cc:89
  }
  if (minor >= 23) {
    t.base_latency_us[tree][kSimple] = 8.4;  // [P] v2.23.4-1 tuning.cc:57-75
    t.hardware_latency_us[0][tree][kSimple] = 4.0;
    t.hardware_latency_us[1][tree][kSimple] = 4.0;
    t.hardware_latency_us[2][tree][kSimple] = 14;
  }
  if (minor >= 28) {
    t.hardware_latency_us[2][nvls_tree][kSimple] = 20.9;    // [P] 165; still 14 in v2.28.3-1
    t.ring_ll128_max_GBps[3] = {2 * 36.7, 34.6, 2 * 36.7};  // [P] 179; 73.4 in v2.28.3-1
    t.tree_ll128_max_GBps[3] = {55.6, 31.67, 20.0};         // [P] 185
    t.tree_max_GBps[3] = {70.0, 42.8, 24.0};                // [P] 191
  }
  if (minor >= 29)
    t.ring_ll128_max_GBps[3] = {40.0, 40.0, 40.0};  // [P] v2.29.7-1 tuning.cc:180; 34.5 in v2.29.2
  if (minor >= 30) t.nvls_tree_max_GBps[3] = {0.0, 96.0, 80.0};  // [P] v2.30.7-1

  NcclRules& r = t.rules;  // [P] differences of tuning.cc, enqueue.cc, connect.cc between the tags
  r.blackwell = minor >= 25;
  r.mixed_cpus_as_amd = minor >= 24;
  r.nvls_in_cliques = minor >= 21;
  r.ll_half = minor >= 21;
  r.ll128_single_discount = minor <= 22;
  r.pat = minor >= 23;
  r.pat_factor = minor >= 24 ? 0.75 : 0.85;
  r.collnet_gathers = minor >= 20;
  r.collnet_gathers_by_ppn = minor <= 26;
  r.nvls_gathers_between_nodes = minor >= 27;
  r.nvls_gathers_by_peers = minor >= 27;
  r.nvls_efficiency = minor >= 28;
  r.nvls_five_sixths = minor <= 27;
  r.gathers_at_bus_bandwidth = minor >= 23;
  r.single_rank_tree_latency = minor >= 23;
  r.ring_last_step_local = minor >= 23;
  r.correction_below_64_bytes = minor <= 21;
  r.nvls_tree_correction = minor >= 29;
  r.ll128_listed_gpus_only = minor <= 26;
  r.ll128_mixed_gpus = minor >= 30;
  r.lists_by_function = minor >= 24;
  r.ring_if_nothing_left = minor <= 23;
  r.ring_if_nothing_left_any_protocol = minor <= 21;
  r.collnet_chain_any_node = minor >= 23 && minor <= 27;
  // [P] device.h:277, 362-363: 1,024 bytes of structures of 64 bytes (2.22), 96, 128 (2.30), as x86
  // lays them out [D]; v2.19.4-1 device.h:231: 9
  r.operations_per_batch = minor <= 21 ? 9 : minor == 22 ? 16 : minor <= 29 ? 10 : 8;
  r.tree_all_threads = minor >= 22;
  r.nvls_channels_capped = minor >= 28;
  r.channels_cover_nvls = minor >= 22 && minor <= 27;
  r.tree_simple_chunks_shrink = minor == 19;
  r.nvls_tree_chunks_large = minor <= 20;
  return t;
}

constexpr std::array<NcclTables, 12> kTables = {
    tables_of(19), tables_of(20), tables_of(21), tables_of(22), tables_of(23), tables_of(24),
    tables_of(25), tables_of(26), tables_of(27), tables_of(28), tables_of(29), tables_of(30)};

// [P] 578-582; the 24th column v2.29.7-1 tuning.cc, read by NVLSTree only.
constexpr std::array<std::array<double, kNcclCorrections>, kNcclProtocols> kTreeCorrection = {
    {{1.0, 1.0, 1.0, 1.0, .9, .8, .7, .7, .7, .7,  .6,  .5,
      .4,  .4,  .5,  .6,  .7, .8, .9, 1., 1., 1.0, 1.0, 1.0},
     {1.0, 1.0, 1.0, 1.0, 1., .9, .8, .8, .8, .7,  .6,  .6,
      .6,  .6,  .6,  .6,  .8, .9, .9, .9, .9, 1.0, 1.0, 1.0},
     {.9, .9, .9, .9, .9, .9, .9, .8, .7, .6, .6, .5,
      .5, .5, .5, .6, .7, .8, .7, .7, .8, .9, .9, .9}}};

}  // namespace

std::string_view name(NcclAlgorithm algorithm) { return kAlgorithmNames[index(algorithm)]; }
std::string_view name(NcclProtocol protocol) { return kProtocolNames[index(protocol)]; }

const NcclTables& nccl_tables(NcclVersion version) {
  return kTables[static_cast<std::size_t>(version.minor - kOldestNccl.minor)];
}

double nccl_tree_correction(NcclProtocol protocol, std::size_t log2_of_64_bytes) {
  return kTreeCorrection[index(protocol)][log2_of_64_bytes];
}

}  // namespace collscale
