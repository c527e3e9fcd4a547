# One target per folder of src/. The folder's dependencies are the arrows of docs/method.md:
# a folder that is not named in DEPENDS cannot be linked, and its headers are not to be included.

# Reading options and files is not where time goes, nor are the tests, but their headers (CLI11, JSON,
# YAML, GoogleTest) are what the build waits for: at -O1 these files compile in two thirds of the time.
function(collscale_quick_to_build target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# What nearly every file of ours includes, read once for all of them: that takes longer than compiling most
# of them. A file includes what it uses all the same. Once per level of optimisation, since the compiler
# wants the same flags for both. Not CLI11 or JSON: they leave work behind in every file that has them, used or not.
function(collscale_headers)
  foreach(name collscale_headers collscale_quick_headers)
    file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/src/${name}.cpp CONTENT "// see CollscaleTargets.cmake\n")
    add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/src/${name}.cpp)
    target_link_libraries(${name} PRIVATE collscale_flags fmt::fmt tl::expected)
    target_precompile_headers(${name} PRIVATE
      <algorithm> <array> <cmath> <cstdint> <functional> <map> <memory> <optional> <span> <string> <string_view>
      <utility> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)
  endforeach()
  collscale_quick_to_build(collscale_quick_headers)
endfunction()

# collscale_library(NAME [QUICK_TO_BUILD] SOURCES a.cpp... DEPENDS other folders... LIBRARIES external targets...)
function(collscale_library name)
  cmake_parse_arguments(arg "QUICK_TO_BUILD" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(collscale_${name} STATIC ${arg_SOURCES})
  add_library(collscale::${name} ALIAS collscale_${name})
  target_include_directories(collscale_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM arg_DEPENDS PREPEND collscale::)
  target_link_libraries(collscale_${name} PUBLIC ${arg_DEPENDS} PRIVATE collscale_flags ${arg_LIBRARIES})
  # The core must compile where there are no exceptions and no RTTI (WebAssembly).
  if(COLLSCALE_CORE_WITHOUT_EXCEPTIONS AND name MATCHES "^(units|topology|collective|selector_.*|scenario|model)$")
    target_compile_options(collscale_${name} PRIVATE -fno-exceptions -fno-rtti)
  endif()
  if(arg_QUICK_TO_BUILD)
    collscale_quick_to_build(collscale_${name})
  endif()
  if(CMAKE_UNITY_BUILD)
    # Merged files read their headers once anyway.
  elseif(arg_QUICK_TO_BUILD)
    target_precompile_headers(collscale_${name} REUSE_FROM collscale_quick_headers)
  else()
    target_precompile_headers(collscale_${name} REUSE_FROM collscale_headers)
  endif()
endfunction()

# What every test includes, read once for all of them: it takes longer than most tests do.
function(collscale_test_headers)
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/tests/test_headers.cpp CONTENT "// see CollscaleTargets.cmake\n")
  add_library(collscale_test_headers OBJECT ${PROJECT_BINARY_DIR}/tests/test_headers.cpp)
  target_link_libraries(collscale_test_headers PRIVATE collscale_flags GTest::gmock fmt::fmt tl::expected)
  collscale_quick_to_build(collscale_test_headers)
  target_precompile_headers(collscale_test_headers PRIVATE
    <gmock/gmock.h> <gtest/gtest.h>
    <algorithm> <array> <cmath> <cstdint> <functional> <map> <memory> <optional> <span> <string> <string_view>
    <utility> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)
endfunction()

# collscale_test(NAME SOURCES a_test.cpp... DEPENDS folders... LIBRARIES external targets...)
# builds the GoogleTest program test_NAME and registers each of its tests with CTest.
function(collscale_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND collscale::)
  target_link_libraries(test_${name}
    PRIVATE ${arg_DEPENDS} ${arg_LIBRARIES} collscale_flags GTest::gmock GTest::gtest_main)
  collscale_quick_to_build(test_${name})
  target_precompile_headers(test_${name} REUSE_FROM collscale_test_headers)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_${name} PRIVATE COLLSCALE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()
