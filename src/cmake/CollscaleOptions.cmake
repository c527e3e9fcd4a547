# What a user may switch, and the flags every target of ours is built with.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

foreach(backend MPI NCCL)
  set(COLLSCALE_WITH_${backend} AUTO CACHE STRING "Use ${backend}: AUTO (if found), ON (required), OFF")
  set_property(CACHE COLLSCALE_WITH_${backend} PROPERTY STRINGS AUTO ON OFF)
  if(NOT COLLSCALE_WITH_${backend} MATCHES "^(AUTO|ON|OFF)$")
    message(FATAL_ERROR "COLLSCALE_WITH_${backend}=${COLLSCALE_WITH_${backend}}: expected AUTO, ON or OFF")
  endif()
endforeach()
option(COLLSCALE_BUILD_TESTS "Build the tests" ON)
option(COLLSCALE_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
option(COLLSCALE_CORE_WITHOUT_EXCEPTIONS "Compile the core with -fno-exceptions -fno-rtti, to see that it can be" OFF)
set(COLLSCALE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them (empty: none)")
set(COLLSCALE_CUDA_ARCHITECTURES "75;80;90;100" CACHE STRING "GPU architectures of bench_nccl")

# A compiler cache makes a rebuild after a branch switch quick; it is used when it is there.
find_program(CCACHE_PROGRAM ccache)
mark_as_advanced(CCACHE_PROGRAM)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What the compiler cache has to be told to keep files that use precompiled headers, and to know
  # them in another build folder.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE_PROGRAM})
endif()

add_library(collscale_flags INTERFACE)
target_compile_options(collscale_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion>)
if(COLLSCALE_WARNINGS_AS_ERRORS)
  target_compile_options(collscale_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(COLLSCALE_SANITIZE)
  target_compile_options(collscale_flags INTERFACE
    -fsanitize=${COLLSCALE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(collscale_flags INTERFACE -fsanitize=${COLLSCALE_SANITIZE})
endif()
if(COLLSCALE_SANITIZE AND COLLSCALE_CORE_WITHOUT_EXCEPTIONS)
  # Objects made without RTTI (the library's shared pointers) have no type to check.
  target_compile_options(collscale_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=vptr>)
endif()
