# SPDX-License-Identifier: Apache-2.0
# The installed tool finds its systems in ../share/collscale/topologies, relative to itself, so the tree can be
# moved as a whole. Each program installs itself where it is defined: install(TARGETS ... RUNTIME).
set(data_dir ${CMAKE_INSTALL_DATADIR}/collscale)
install(DIRECTORY topologies DESTINATION ${data_dir} FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json" PATTERN "README.md")
install(DIRECTORY results/published results/schema DESTINATION ${data_dir}/results
  FILES_MATCHING PATTERN "*.json" PATTERN "*.csv" PATTERN "README.md")
install(PROGRAMS scripts/plot_busbw.py scripts/plot_extrapolation.py scripts/plot_scaling.py scripts/records_to_csv.py
  scripts/answers.py
  DESTINATION ${data_dir}/scripts)
install(FILES scripts/collscale_script.py scripts/collscale_records.py scripts/collscale_format.py
  scripts/collscale_style.py
  DESTINATION ${data_dir}/scripts)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
