// SPDX-License-Identifier: Apache-2.0
// Constructors of terms, and the two operations on them: dual and restriction. Algorithms are
// written with these (algorithms/), tests too. docs/schedules.md teaches the algebra.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "collective/schedule.hpp"
#include "units/error.hpp"

namespace collscale {

/// c, c + per_step·s, and c + per_unit·u(s).
Affine constant(std::int64_t c);
Affine steps_of(std::int64_t c, std::int64_t per_step);
Affine units_of(std::int64_t per_unit, std::int64_t c = 0);

OffsetSet singleton(Affine x);                          ///< { x }
OffsetSet interval(Affine low, Affine high);            ///< [low, high)
OffsetSet residue_class(Affine modulus, Affine r);      ///< { x in [0, m) : x mod modulus = r }
OffsetSet cut_below(OffsetSet set, std::int64_t high);  ///< only offsets below `high`

Arc arc(Affine distance);                     ///< the whole scope, every rank
Arc arc(Affine distance, OffsetSet payload);  ///< every rank gains `payload`
Arc to_receivers(Arc arc, OffsetSet receivers);

/// `steps` is an int32 in a phase: the caller has checked the rank count (kMaxRanks).
Phase phase(Frame frame, Unit unit, std::int64_t steps, std::initializer_list<Arc> arcs);

Term seq(std::vector<Term> terms);
/// Children with weights; Σ weight·copies must be 1.
Term par(std::vector<Par::Child> children);
/// `copies` equal parts; copy c has the rotation of `rotated_digit` increased by c.
Term rotated_copies(std::int64_t copies, int rotated_digit, Term term);
Term pipe(std::int32_t chunks, std::int32_t window, Term term);
Term over(View view, Term term);
Term list(std::vector<Message> messages);
Par::Child child(double weight, Term term, std::int32_t copies = 1, int rotated_digit = -1,
                 int fixed_digit = -1);

View digits_view(std::initializer_list<int> digits);
View core_view(std::int64_t core, View::CoreMap map = View::CoreMap::first);

View nodes_view(std::int32_t run);  ///< the ranks of each node of a run of equal nodes
View leaders_view();                ///< one rank of every node

/// The transpose: steps and arrows reversed, copy and give exchanged, Seq backwards.
/// reduce_scatter = dual(all_gather), reduce = dual(broadcast). dual(dual(t)) = t.
Term dual(Term term);

/// Only the block of origin `root` (an index of the group the term runs in) travels, and it stands
/// for the whole scope: all_gather becomes broadcast. Fails for terms that change the group within
/// (Over) and for List.
Expected<Term> restrict_to(std::int64_t root, Term term);

/// Any rank count for an all_reduce that needs a power of two: the ranks beyond M = 2^⌊log2 m⌋ hand
/// their data to a core rank, the core runs `term`, the results are handed back.
Term fold(std::int64_t ranks, Term term, View::CoreMap map = View::CoreMap::first);
/// The same for all_gather; block b of the core then stands for the blocks ≡ b mod M.
Term fold_gather(std::int64_t ranks, Term term);
/// 2^⌊log2 ranks⌋
std::int64_t core_size(std::int64_t ranks);

/// Bytes a term occupies, everything it points to included. Independent of the number of ranks
/// (member lists and message lists excepted).
std::size_t term_bytes(const Term& term);

}  // namespace collscale
