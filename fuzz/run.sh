#!/usr/bin/env bash
# Every fuzz target, N runs each, by libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer.
#   fuzz/run.sh BUILD [N] [TARGET...]     e.g. fuzz/run.sh build/libfuzzer 200000
# BUILD is what `cmake --preset libfuzzer && cmake --build --preset libfuzzer` made. The corpus grows in
# BUILD/corpus, findings go to BUILD/findings; one line a target, exit status 1 if any has a finding.
set -euo pipefail
build=${1:?usage: fuzz/run.sh BUILD [N] [TARGET...]}
runs=${2:-200000}
shift $(($# > 2 ? 2 : $#))
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  for program in "$build"/libfuzzer_*; do targets+=("${program##*/libfuzzer_}"); done
fi
mkdir -p "$build/findings"
failed=0
for target in "${targets[@]}"; do
  corpus=$build/corpus/$target
  log=$build/findings/$target.log
  mkdir -p "$corpus"
  "$build/fuzz_$target" --write-seeds "$corpus"
  start=$SECONDS
  if "$build/libfuzzer_$target" -runs="$runs" -seed=1 -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$build/findings/$target-" -print_final_stats=1 "$corpus" >"$log" 2>&1; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs, no finding," \
      "$(find "$corpus" -type f | wc -l) files in the corpus, $((SECONDS - start)) s"
  else
    failed=1
    echo "$target: a finding, see $log"
    tail -n 3 "$log"
  fi
done
exit "$failed"
