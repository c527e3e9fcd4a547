// SPDX-License-Identifier: Apache-2.0
#include "kernel_twins.hpp"

namespace standin {

Work twin_of(const std::string& /*kernel*/, void** /*arguments*/) { return {}; }

}  // namespace standin
