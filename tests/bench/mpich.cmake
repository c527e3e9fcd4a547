# SPDX-License-Identifier: Apache-2.0
# bench_mpi once more, built with MPICH beside the MPI that the project was configured with (Debian package
# mpich): what holds with one library only would show. Sets COLLSCALE_HAVE_MPICH. Built for the tests, not installed.
set(COLLSCALE_HAVE_MPICH OFF)
find_path(MPICH_INCLUDE_DIR mpi.h
  PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/mpich /usr/include/mpich NO_DEFAULT_PATH)
find_library(MPICH_LIBRARY mpich)
find_program(MPICH_EXECUTABLE mpiexec.mpich)
mark_as_advanced(MPICH_INCLUDE_DIR MPICH_LIBRARY MPICH_EXECUTABLE)
if(NOT MPICH_INCLUDE_DIR OR NOT MPICH_LIBRARY OR NOT MPICH_EXECUTABLE OR "${MPI_CXX_LIBRARIES}" MATCHES "mpich")
  return()
endif()
set(COLLSCALE_HAVE_MPICH ON)

# The sources of a target, as they are found from here.
function(collscale_sources_of target result)
  get_target_property(names ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  list(TRANSFORM names PREPEND ${folder}/)
  set(${result} ${names} PARENT_SCOPE)
endfunction()
collscale_sources_of(collscale_measure_mpi library_sources)
collscale_sources_of(bench_mpi program_sources)
add_executable(bench_mpi_mpich ${program_sources} ${library_sources})
target_include_directories(bench_mpi_mpich SYSTEM PRIVATE ${MPICH_INCLUDE_DIR})
target_compile_definitions(bench_mpi_mpich PRIVATE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
target_link_libraries(bench_mpi_mpich
  PRIVATE collscale_bench collscale::measure collscale::selector_openmpi collscale_flags fmt::fmt ${MPICH_LIBRARY})
collscale_quick_to_build(bench_mpi_mpich)
