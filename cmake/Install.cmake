# `cmake --install build --prefix DIR` puts the program in DIR/bin. libtorch is not copied: the program
# keeps the path of the one that it was built with.
if(TARGET gradus)
  include(GNUInstallDirs)
  set_target_properties(gradus PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS gradus RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
