#!/bin/sh
# check_isa_objects.sh OBJECT...: no object compiled for a newer CPU may define a weak symbol. An inline
# function compiled there may be the copy that the linker keeps for the whole program, which then stops
# on an older CPU with an illegal instruction.
set -eu
status=0
for object in "$@"; do
  weak=$(nm -C --defined-only "$object" | grep -E ' [WVuw] ' || true)
  if [ -n "$weak" ]; then
    printf '%s defines what another file may define too:\n%s\n' "$object" "$weak" >&2
    status=1
  fi
done
exit $status
