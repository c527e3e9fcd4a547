# SPDX-License-Identifier: Apache-2.0
# collscale_mpi_test(NAME RANKS n [TIMEOUT s] COMMAND program args...): the program under mpirun.
# The variables are Open MPI's; other libraries do not read them. Tests run as root, in containers that
# forbid cross-memory attach, and with more ranks than cores. Where a rank fails, mpirun gives the others a second
# to go; ours have said what they had to by then.
set(COLLSCALE_MPI_TEST_ENVIRONMENT
  OMPI_ALLOW_RUN_AS_ROOT=1
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_hwloc_base_binding_policy=none
  OMPI_MCA_odls_base_sigkill_timeout=0
  OMPI_MCA_btl_vader_single_copy_mechanism=none)

function(collscale_mpi_test name)
  cmake_parse_arguments(arg "" "RANKS;TIMEOUT" "COMMAND" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_test(NAME ${name}
    COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${arg_RANKS} ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${arg_TIMEOUT} PROCESSORS 2 ENVIRONMENT "${COLLSCALE_MPI_TEST_ENVIRONMENT}")
endfunction()
