# Flags of every gradus target, on one interface target.
add_library(gradus_flags INTERFACE)
target_compile_options(gradus_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror)
# numerics.md rounds every operation once: the compiler must not fuse a multiply with an add.
target_compile_options(gradus_flags INTERFACE -ffp-contract=off)
target_include_directories(gradus_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives from inlined standard containers at -O2 and above.
  target_compile_options(gradus_flags INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow
                         -Wno-array-bounds -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # std::stable_sort of GCC 12's library calls what that library itself deprecates.
  target_compile_options(gradus_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(GRADUS_SANITIZE)
  add_compile_options(-fsanitize=${GRADUS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${GRADUS_SANITIZE})
endif()
