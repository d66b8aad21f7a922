// GRADUS_CLONES before a function: GCC compiles it once for each x86-64 level and the loader picks.
// Without it (another compiler or CPU, a sanitizer that runs before the loader's choice) the
// function is compiled once; its results are the same.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GRADUS_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GRADUS_CLONES
#endif
