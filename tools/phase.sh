# Sourced by ./demo and ./test: names each phase of the work and says how long it took.
# shellcheck shell=bash

# phase NAME COMMAND...
phase() {
  local name=$1 start=$SECONDS status=0
  shift
  echo "== $name"
  "$@" || status=$?
  if [ "$status" -ne 0 ]; then
    echo "== $name failed after $((SECONDS - start)) s" >&2
    return "$status"
  fi
  echo "== $name took $((SECONDS - start)) s"
}

# configure FOLDER OPTION...; the output of CMake is shown only when it fails.
configure() {
  local folder=$1 log
  shift
  log=$(mktemp)
  if ! cmake -S . -B "$folder" -G Ninja "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
