// SPDX-License-Identifier: Apache-2.0
// Pictures of systems: what must be there is there, and nobody needs to guess what a text says.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"
#include "topology_io/load.hpp"
#include "topology_picture/system_picture.hpp"

namespace collscale {
namespace {

using ::testing::HasSubstr;

struct Extent {
  double left, top, right, bottom;
  std::string text;
};

/// Letters of the fonts that viewers have are a sixth narrower than text_width allows for.
Extent extent_of(const Words& words) {
  const double width = text_width(words.text, words.size, words.bold);
  const double left = words.anchor == Words::Anchor::start    ? words.x
                      : words.anchor == Words::Anchor::middle ? words.x - width / 2
                                                              : words.x - width;
  return {left, words.y - 0.75 * words.size, left + width, words.y + 0.2 * words.size, words.text};
}

std::vector<Extent> texts_of(const Picture& picture) {
  std::vector<Extent> texts;
  for (const Mark& mark : picture.marks)
    if (const auto* words = std::get_if<Words>(&mark)) texts.push_back(extent_of(*words));
  return texts;
}

std::string all_text(const Picture& picture) {
  std::string all;
  for (const Extent& text : texts_of(picture)) all += text.text + "\n";
  return all;
}

void expect_readable(const Picture& picture) {
  const std::vector<Extent> texts = texts_of(picture);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Extent& a = texts[i];
    EXPECT_GE(a.left, 0) << a.text;
    EXPECT_GE(a.top, 0) << a.text;
    EXPECT_LE(a.right, picture.width) << a.text;
    EXPECT_LE(a.bottom, picture.height) << a.text;
    for (std::size_t j = i + 1; j < texts.size(); ++j) {
      const Extent& b = texts[j];
      const bool apart = a.right <= b.left + 0.5 || b.right <= a.left + 0.5 ||
                         a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5;
      EXPECT_TRUE(apart) << "\"" << a.text << "\" and \"" << b.text << "\"";
    }
  }
  for (const Mark& mark : picture.marks) {
    if (const auto* box = std::get_if<Rectangle>(&mark)) {
      EXPECT_GE(box->x, 0);
      EXPECT_GE(box->y, 0);
      EXPECT_LE(box->x + box->width, picture.width);
      EXPECT_LE(box->y + box->height, picture.height);
    }
    if (const auto* strokes = std::get_if<Strokes>(&mark)) {
      for (const Strokes::Line& line : strokes->lines) {
        EXPECT_GE(std::min(line.x1, line.x2), 0);
        EXPECT_GE(std::min(line.y1, line.y2) - line.rise, 0);
        EXPECT_LE(std::max(line.x1, line.x2), picture.width);
        EXPECT_LE(std::max(line.y1, line.y2), picture.height);
      }
    }
  }
}

/// Every kind, small ones and large ones, and shapes that are unusual.
const std::vector<std::string> kSystems = {
    "fat-tree:nodes=1,tiers=1",
    "fat-tree:nodes=4,tiers=1",
    "fat-tree:nodes=16,radix=32",
    "fat-tree:nodes=16,radix=16,rails=8",
    "fat-tree:nodes=64,rails=8,radix=32,oversubscription=2",
    "fat-tree:nodes=32,radix=16,tiers=3,gpus=4",
    "fat-tree:nodes=128,rails=8",
    "fat-tree:nodes=128,gpus=1,radix=16",
    "fat-tree:nodes=128,rails=8,planes=2,radix=128",
    "fat-tree:nodes=100000,radix=512,gpus=8,rails=8,planes=8,tiers=3",
    "fat-tree:nodes=8,gpus=72,radix=128,rails=4",
    "torus:dims=8",
    "torus:dims=8x8",
    "torus:dims=4x4x4,mesh=z",
    "torus:dims=4x4x4x2,gpus=4,mesh=w",
    "torus:dims=4x4x2x2x2,gpus=4",
    "torus:dims=16x16x24",
    "torus:dims=2x1x3",
    "dragonfly",
    "dragonfly:groups=1,routers=4",
    "dragonfly:groups=2,routers=1,nodes=3",
    "dragonfly:groups=5,routers=4,nodes=4,global=2,routing=valiant",
    "dragonfly:groups=33,routers=2,nodes=1,global=16",
    "dragonfly+:groups=9,routers=4,spines=4,global=2,nodes=2",
    "dragonfly+:groups=3,routers=2,spines=6,global=2,nodes=8",
    "dragonfly:groups=74,routers=32,nodes=4,global=10,radix=64",
    "dragonfly+:groups=23,routers=18,spines=18,global=18,nodes=8,routing=adaptive"};

class SystemPicture : public ::testing::TestWithParam<std::string> {};

TEST_P(SystemPicture, HasNoTextOverAnotherAndNothingCutOff) {
  const auto system = load_system(GetParam());
  ASSERT_TRUE(system) << system.error().message;
  for (const PictureDetail detail : {PictureDetail::automatic, PictureDetail::folded}) {
    SCOPED_TRACE(detail == PictureDetail::folded ? "folded" : "automatic");
    const Picture picture = system_picture(*system, detail);
    expect_readable(picture);
    const std::string svg = svg_text(picture);
    EXPECT_EQ(svg, svg_text(system_picture(*system, detail)));
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_LT(svg.size(), detail == PictureDetail::folded ? 20000U : 200000U);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, SystemPicture, ::testing::ValuesIn(kSystems),
                         [](const auto& test) { return "of" + std::to_string(test.index); });

std::vector<std::string> shipped() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(COLLSCALE_SOURCE_DIR "/topologies"))
    if (file.path().extension() == ".yaml") names.push_back(file.path().string());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Shipped, SystemPicture, ::testing::ValuesIn(shipped()),
                         [](const auto& test) {
                           std::string name = std::filesystem::path(test.param).stem().string();
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return c == '-' || c == '.'; }, '_');
                           return name;
                         });

/// A small system of a node design.
std::string of_node(const std::string& node) {
  return "name: four\ndescription: four nodes\nas_of: 2026-11\n"
         "nodes: {value: 4, label: assumed}\nnode: nodes/" +
         node +
         "\nfabric:\n  kind: clos\n  rails: 1\n  routing: adaptive\n  cross_rail: forward\n"
         "  efficiency: {value: 1, label: assumed}\n"
         "  tiers: [{name: leaf, children: {value: 4, label: assumed},"
         " hop_latency: {value: 600ns, label: assumed}}]\n";
}

TEST(SystemPictureOfANode, IsReadableForEveryDesign) {
  const std::filesystem::path topologies = COLLSCALE_SOURCE_DIR "/topologies";
  const test::TemporaryFolder folder;
  for (const auto& file : std::filesystem::directory_iterator(topologies / "nodes")) {
    SCOPED_TRACE(file.path().filename());
    const auto system = load_system(
        folder.file("four.yaml", of_node(file.path().filename().string())), {topologies});
    ASSERT_TRUE(system) << system.error().message;
    const Picture picture = system_picture(*system);
    expect_readable(picture);
    const ScaleUp& scale_up = system->node.scale_up;
    const bool through_host =
        scale_up.kind == ScaleUpKind::pcie &&
        scale_up.switch_ranks.value < static_cast<double>(ranks_per_node(*system));
    const std::string told = scale_up.kind == ScaleUpKind::full_mesh ? "1 link: "
                             : through_host                          ? "host: "
                                                                     : "";
    EXPECT_THAT(all_text(picture), HasSubstr(told));
  }
}

std::size_t strokes_in(const Picture& picture) {
  std::size_t all = 0;
  for (const Mark& mark : picture.marks)
    if (const auto* strokes = std::get_if<Strokes>(&mark)) all += strokes->lines.size();
  return all;
}

TEST(SystemPictureOfAClos, SaysWhatItIsAndDrawsEverySwitchAndLink) {
  const auto system = load_system("dgx-h100-superpod", {COLLSCALE_SOURCE_DIR "/topologies"});
  ASSERT_TRUE(system);
  const Picture picture = system_picture(*system);
  const std::string text = all_text(picture);
  EXPECT_THAT(text, HasSubstr("dgx-h100-superpod: 1,024 accelerators on 128 nodes, 2023-06\n"));
  EXPECT_THAT(text, HasSubstr("24 figures: 13 stated, 8 derived, 1 assumed, 2 recalled\n"));
  EXPECT_THAT(text, HasSubstr("leaf: 32 switches\n64 of 64 ports used\n"));
  EXPECT_THAT(text, HasSubstr("spine: 16 switches\n64 of 64 ports used\n"));
  EXPECT_THAT(text, HasSubstr("node 127\n"));
  EXPECT_THAT(text, HasSubstr("oversubscription 1:1\n"));
  EXPECT_THAT(text, HasSubstr("a mark: 1 NIC of a node at 50.0 GB/s each; a column: a rail, 8 of"));
  // 32 leaves with two links to each of 16 spines, a row for each node, a column for each leaf with
  // a mark for each of its nodes.
  EXPECT_GE(strokes_in(picture), 512U + 128 + 32 + 1024);
}

TEST(SystemPictureOfAClos, LeavesOutWhatCannotBeToldApart) {
  const auto system = load_system("fat-tree:nodes=128,gpus=72,radix=4096");
  ASSERT_TRUE(system);
  EXPECT_LT(svg_text(system_picture(*system)).size(), 200000U);
}

TEST(SystemPictureOfATorus, DrawsEveryCable) {
  const auto system = load_system("torus:dims=4x4");
  ASSERT_TRUE(system);
  // 12 cables a dimension within, 4 around with two stubs each; the node and the legend.
  EXPECT_GE(strokes_in(system_picture(*system)), 2 * (12U + 8));
}

TEST(SystemPictureOfALargeSystem, IsFoldedIntoItsLevels) {
  const auto system = load_system("colossus-100k", {COLLSCALE_SOURCE_DIR "/topologies"});
  ASSERT_TRUE(system);
  const Picture picture = system_picture(*system);
  const std::string text = all_text(picture);
  EXPECT_THAT(text, HasSubstr("1,568 switches: 196 groups of 8\n"));
  EXPECT_THAT(text, HasSubstr("64 links of 50.0 GB/s up from each leaf switch\n"));
  EXPECT_THAT(text, HasSubstr("8 rails: a leaf switch for each of a group\n"));
  EXPECT_LT(svg_text(picture).size(), 16000U);
}

TEST(SystemPictureOfPlanes, TellsThem) {
  const auto system = load_system("fat-tree:nodes=16,planes=2,radix=32");
  ASSERT_TRUE(system);
  EXPECT_THAT(all_text(system_picture(*system)),
              HasSubstr("one of 2 planes is drawn, each with 25.0 GB/s of a NIC"));
  EXPECT_THAT(all_text(system_picture(*system, PictureDetail::folded)),
              HasSubstr("in 2 planes alike"));
}

}  // namespace
}  // namespace collscale
