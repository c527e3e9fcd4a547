# The installed tool finds its systems in ../share/collscale/topologies, relative to itself.
install(DIRECTORY topologies DESTINATION ${CMAKE_INSTALL_DATADIR}/collscale)
install(DIRECTORY results/published results/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/collscale/results)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
