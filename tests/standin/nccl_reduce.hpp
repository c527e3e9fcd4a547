// SPDX-License-Identifier: Apache-2.0
// Arithmetic on every data type of NCCL, rounded to the type after each step, as NCCL does.
#pragma once

#include <nccl.h>

#include <cstddef>

namespace standin {

std::size_t bytes_of(ncclDataType_t type);

/// into[i] = into[i] op from[i] for sum, prod, max and min.
void combine(ncclDataType_t type, ncclRedOp_t op, std::byte* into, const std::byte* from,
             std::size_t count);

/// into[i] = into[i] * factor
void scale(ncclDataType_t type, std::byte* into, double factor, std::size_t count);

/// into[i] = into[i] / ranks, rounded towards 0: what ncclAvg does to integers after the sum.
void divide_integers(ncclDataType_t type, std::byte* into, int ranks, std::size_t count);

bool is_integer(ncclDataType_t type);

/// One element, as a double.
double value_of(ncclDataType_t type, const std::byte* element);

/// Flips bits of one element, so that every type notices.
void spoil(ncclDataType_t type, std::byte* element);

}  // namespace standin
