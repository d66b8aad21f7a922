# `cmake --install build --prefix DIR` puts into DIR
#   bin/gradus                    the program
#   bin/gradus-training           what it hands to where libtorch is needed. libtorch is not copied: the
#                                 program keeps the path of the one that it was built with
#   include/gradus.h              for programs, with lib/libgradus.so and lib/libgradus.a
#   lib/cmake/gradus, lib/pkgconfig/gradus.pc   where find_package(gradus) and pkg-config look
# Nothing of it holds a path of this machine but the program's libtorch: DIR may be moved.
# With --component Runtime or Development only the program and the library, or what builds with it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(TARGET gradus)
  install(TARGETS gradus RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT Runtime)
endif()
if(TARGET gradus-training)
  # By hand: the run path of CMake's own making leaves out folders of the build tree, where libtorch lies
  # if it was not found elsewhere.
  set_target_properties(gradus-training PROPERTIES INSTALL_RPATH "${TORCH_INSTALL_PREFIX}/lib")
  install(TARGETS gradus-training RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT Runtime)
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/gradus)
foreach(kind shared static)
  install(TARGETS gradus_${kind} EXPORT gradus_${kind}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Runtime NAMELINK_COMPONENT Development
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Development
          PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT Development
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT gradus_${kind} NAMESPACE gradus:: FILE gradus-${kind}.cmake
          DESTINATION ${package} COMPONENT Development)
endforeach()

# The same minor version while the major one is 0: until 1.0 a minor version may change gradus.h.
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/gradusConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/gradusConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gradusConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
# From the file's own place to the prefix, however deep the library folder lies.
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/gradus.pc.in ${PROJECT_BINARY_DIR}/gradus.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gradusConfig.cmake ${PROJECT_BINARY_DIR}/gradusConfigVersion.cmake
        DESTINATION ${package} COMPONENT Development)
install(FILES ${PROJECT_BINARY_DIR}/gradus.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT Development)
