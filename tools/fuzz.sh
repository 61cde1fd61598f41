#!/bin/sh
#
# Runs fuzz targets, each for some seconds:  tools/fuzz.sh DIR SECONDS TARGET...
#
# Seeds are t/fuzz/seeds/TARGET; what libFuzzer finds goes to DIR/corpus/TARGET
# and is where the next run begins; an input that breaks a target stays in
# DIR/crash.

set -eu

cd "$(dirname "$0")/.."

dir=$1
seconds=$2
shift 2

passed=0
failed=0

mkdir -p "$dir/crash"

for target in "$@"; do
    corpus=$dir/corpus/$target
    seeds=t/fuzz/seeds/$target
    mkdir -p "$corpus"
    [ -d "$seeds" ] || seeds=

    # no timeout of one input may pass 10 seconds, no input take 2 GB

    if "$dir/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
           -artifact_prefix="$dir/crash/$target-" -print_final_stats=1 \
           "$corpus" $seeds > "$dir/$target.log" 2>&1
    then
        passed=$((passed + 1))
        echo "ok - $target:" \
             "$(sed -n 's/^stat::number_of_executed_units: *//p' \
                    "$dir/$target.log") inputs"

    else
        failed=$((failed + 1))
        echo "not ok - $target"
        grep -E -A 12 'ERROR|runtime error|Test unit written' \
             "$dir/$target.log" | head -n 40
    fi
done

echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ]
