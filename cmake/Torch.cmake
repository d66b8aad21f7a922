# libtorch: from CMAKE_PREFIX_PATH, else from an installed Python torch, else installed with pip
# into a virtual environment of the build folder. Defines the target gradus_torch.
set(GRADUS_TORCH_VERSION 2.13.0)

function(_gradus_torch_prefix python result)
  execute_process(COMMAND ${python} -c "import torch; print(torch.utils.cmake_prefix_path)"
                  OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE code)
  if(code EQUAL 0)
    set(${result} ${prefix} PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()

find_package(Torch QUIET)
if(NOT Torch_FOUND)
  set(prefix "")
  find_program(GRADUS_PYTHON NAMES python3 REQUIRED)
  set(venv ${CMAKE_BINARY_DIR}/venv)
  if(EXISTS ${venv}/bin/python)
    _gradus_torch_prefix(${venv}/bin/python prefix)
  endif()
  if(NOT prefix)
    _gradus_torch_prefix(${GRADUS_PYTHON} prefix)
  endif()
  if(NOT prefix)
    message(STATUS "libtorch not found: installing torch==${GRADUS_TORCH_VERSION} into ${venv}")
    execute_process(COMMAND ${GRADUS_PYTHON} -m venv ${venv} COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${venv}/bin/python -m pip install --quiet torch==${GRADUS_TORCH_VERSION}
                    COMMAND_ERROR_IS_FATAL ANY)
    _gradus_torch_prefix(${venv}/bin/python prefix)
  endif()
  list(APPEND CMAKE_PREFIX_PATH ${prefix})
  find_package(Torch REQUIRED)
endif()
message(STATUS "libtorch ${Torch_VERSION}: ${TORCH_INSTALL_PREFIX}")

# The Python that this libtorch came with, for tests that export networks; "python3" of a libtorch alone.
get_filename_component(_environment "${TORCH_INSTALL_PREFIX}/../../../.." ABSOLUTE)
find_program(GRADUS_TORCH_PYTHON NAMES python python3 HINTS ${_environment}/bin NO_DEFAULT_PATH)
if(NOT GRADUS_TORCH_PYTHON)
  set(GRADUS_TORCH_PYTHON python3)
endif()

# libtorch's include folder carries its own fmt: only targets that link gradus_torch see it, and
# those do not use ours.
add_library(gradus_torch INTERFACE)
target_link_libraries(gradus_torch INTERFACE ${TORCH_LIBRARIES})
target_compile_options(gradus_torch INTERFACE -Wno-conversion -Wno-shadow)
