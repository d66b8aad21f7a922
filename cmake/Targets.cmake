# gradus_library(<folder> SOURCES <file>... [DEPENDS <folder>...] [LINK <external target>...])
# One static library per folder of gradus/, named gradus_<folder>. DEPENDS are the arrows of
# docs/architecture.md; tools/check_layers.py holds the includes to the same arrows.
function(gradus_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(gradus_${folder} STATIC ${ARG_SOURCES})
  target_link_libraries(gradus_${folder} PRIVATE gradus_flags)
  target_include_directories(gradus_${folder} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  foreach(dependency IN LISTS ARG_DEPENDS)
    target_link_libraries(gradus_${folder} PUBLIC gradus_${dependency})
  endforeach()
  target_link_libraries(gradus_${folder} PRIVATE ${ARG_LINK})
endfunction()

# gradus_registry(FOLDER <folder> TYPE <type> FUNCTION <fn> HEADER <header> DIR <dir> [SINGULAR <word>]
#                 ITEMS <item>...)
# The one list of a registry. Each item is one file, <dir>/<item>.cpp, that defines
# `<type> <item>_<singular of fn>()`; here fn "estimators" wants `Estimator ste_estimator()`.
# Writes <fn>.gen.cpp, which defines `std::span<const type> fn()` in the order of ITEMS.
function(gradus_registry)
  cmake_parse_arguments(ARG "" "FOLDER;TYPE;FUNCTION;HEADER;DIR;SINGULAR" "ITEMS" ${ARGN})
  string(REGEX REPLACE "sses$" "sss" singular ${ARG_FUNCTION})  # passes -> pass
  string(REGEX REPLACE "s$" "" singular ${singular})
  if(ARG_SINGULAR)
    set(singular ${ARG_SINGULAR})
  endif()
  set(declarations "")
  set(entries "")
  foreach(item IN LISTS ARG_ITEMS)
    target_sources(gradus_${ARG_FOLDER} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_DIR}/${item}.cpp)
    string(APPEND declarations "${ARG_TYPE} ${item}_${singular}();\n")
    string(APPEND entries "      ${item}_${singular}(),\n")
  endforeach()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${ARG_FUNCTION}.gen.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"// Written by gradus_registry from the list in the folder's CMakeLists.txt.
#include <span>
#include <vector>
#include \"${ARG_HEADER}\"
namespace gradus {
${declarations}
std::span<const ${ARG_TYPE}> ${ARG_FUNCTION}() {
  static const std::vector<${ARG_TYPE}> items = {
${entries}  };
  return items;
}
}  // namespace gradus
")
  target_sources(gradus_${ARG_FOLDER} PRIVATE ${generated})
endfunction()

# Builds every GoogleTest program.
add_custom_target(gradus_tests)

# GoogleTest and what every test includes takes half of a test's compile time: one precompiled header.
function(gradus_share_test_header target)
  if(NOT TARGET gradus_test_header)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_header.cpp CONTENT "")
    add_library(gradus_test_header OBJECT ${CMAKE_BINARY_DIR}/test_header.cpp)
    set_target_properties(gradus_test_header PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_link_libraries(gradus_test_header PRIVATE gradus_flags GTest::gtest)
    target_precompile_headers(gradus_test_header PRIVATE
                              <gtest/gtest.h> <filesystem> <fstream> <functional> <map> <span> <string> <vector>)
  endif()
  # The flags must be those it was made with, position independence included.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_precompile_headers(${target} REUSE_FROM gradus_test_header)
endfunction()

# gradus_test(<name> SOURCES <file>... DEPENDS <folder>... [LABELS <label>...] [LINK <target>...])
# One GoogleTest program per folder; ctest lists every test of it under the labels given.
function(gradus_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  add_dependencies(gradus_tests ${name})
  target_link_libraries(${name} PRIVATE gradus_flags GTest::gtest GTest::gtest_main ${ARG_LINK})
  foreach(dependency IN LISTS ARG_DEPENDS)
    target_link_libraries(${name} PRIVATE gradus_${dependency})
  endforeach()
  if(NOT "gradus_torch" IN_LIST ARG_LINK)  # those share libtorch's header
    gradus_share_test_header(${name})
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  gtest_discover_tests(${name} PROPERTIES LABELS "${ARG_LABELS}" DISCOVERY_TIMEOUT 60)
endfunction()
