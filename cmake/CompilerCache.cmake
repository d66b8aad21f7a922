# ccache when it is there; the sloppiness settings are what precompiled headers need.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
# A file that includes libtorch takes much memory: never more than two at once.
set_property(GLOBAL APPEND PROPERTY JOB_POOLS compile=2)
set(CMAKE_JOB_POOL_COMPILE compile)
