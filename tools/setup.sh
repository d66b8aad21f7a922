#!/bin/sh
# Installs what gradus builds with: the tools and libraries of cmake/Dependencies.cmake, from the
# packages of a Debian-like system. Where all is there, nothing is installed and apt is not run.
# libtorch is the build's own business (cmake/Torch.cmake).
set -eu

# One line each: the package, then what shows that it is there (a command, a header, a Python module).
needed='
g++ command c++
cmake command cmake
ninja-build command ninja
ccache command ccache
python3 command python3
python3-venv python ensurepip
flatbuffers-compiler command flatc
zlib1g-dev header zlib.h
libjpeg-dev header jpeglib.h
libpng-dev header png.h
libfmt-dev header fmt/format.h
libyaml-cpp-dev header yaml-cpp/yaml.h
nlohmann-json3-dev header nlohmann/json.hpp
libcli11-dev header CLI/CLI.hpp
libprotozero-dev header protozero/pbf_reader.hpp
libflatbuffers-dev header flatbuffers/flatbuffers.h
libgtest-dev header gtest/gtest.h
libbenchmark-dev header benchmark/benchmark.h
'

is_there() {
  case $1 in
    command) command -v "$2" >/dev/null 2>&1 ;;
    # jpeglib.h uses FILE and size_t without including what declares them.
    header) printf '#include <cstdio>\n#include <%s>\n' "$2" | c++ -std=c++20 -E -x c++ - >/dev/null 2>&1 ;;
    python) python3 -c "import $2" >/dev/null 2>&1 ;;
  esac
}

missing_packages() {
  echo "$needed" | while read -r package kind what; do
    if [ -n "$package" ] && ! is_there "$kind" "$what"; then printf '%s ' "$package"; fi
  done
}

refuse() {
  echo "tools/setup.sh: $1" >&2
  exit 1
}

missing=$(missing_packages)
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null 2>&1 ||
  refuse "missing: ${missing}(Debian's names); this system has no apt-get: install them by hand and run again"
if [ "$(id -u)" = 0 ]; then
  as_root=''
elif command -v sudo >/dev/null 2>&1; then
  as_root='sudo'
else
  refuse "missing: ${missing}; install them as root: apt-get install ${missing}"
fi

echo "installing ${missing}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # lists of words
if ! { $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
       apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -n 5 "$log" >&2
  refuse "apt-get failed; install by hand and run again: ${missing}"
fi

missing=$(missing_packages)
[ -z "$missing" ] || refuse "still missing after apt-get: ${missing}"
