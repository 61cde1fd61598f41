#!/bin/sh
#
# Runs the tests on an nginx made from Debian's own source with ASAN and UBSAN,
# below build/asan.  Any report of theirs is a failure.  Arguments are tests.
#
# NGX_DEBUG_PALLOC makes each allocation from a pool a malloc() of its own:
# without it ASAN sees nothing that happens inside a pool.
#
# clang and not gcc: its ASAN and UBSAN share one runtime, so that the reports
# of both go to log_path; gcc's UBSAN writes to stderr, and so into an error.log
# that the next test block removes.

set -eu

cd "$(dirname "$0")/.."

build=$AI_BUILD/asan
reports=$build/reports

options="-fno-omit-frame-pointer -fsanitize=address,undefined"
options="$options -fno-sanitize=alignment"

# nginx and the module each have an ngx_modules, and ASAN exports both: on a
# reload nginx must not copy its table by the size of the module's
linking="$options -Wl,-Bsymbolic"

tools/apt.sh source nginx "$build/src"

for target in binary build unit-programs; do
    $MAKE --no-print-directory BUILD="$build" NGINX_SRC="$build/src/nginx" \
          CC=clang CC_OPT="-O1 -g -Wno-error $options -DNGX_DEBUG_PALLOC=1" LD_OPT="$linking" \
          $target
done

rm -rf "$reports"
mkdir -p "$reports"
chmod 1777 "$reports"     # workers write there too, as nobody


# What is nginx's own: each module holds an ngx_module_names, as modules must;
# a worker leaves its connections to exit(); an empty string is copied from
# NULL.  nginx is compiled by relative paths, this module by absolute ones.  A
# process that only checks a file, or sends a signal, frees nothing as it ends.

cat > "$build/leaks" << END
leak:ngx_event_process_init
leak:ngx_regex_malloc
END

cat > "$build/undefined" << END
nonnull-attribute:^src/
pointer-overflow:^src/
END

common="log_path=$reports/report:log_exe_name=true"

cat > "$build/nginx.sh" << END
#!/bin/sh
leaks=1
for argument; do
    case \$argument in
    -[tTsvV]) leaks=0 ;;
    esac
done
ASAN_OPTIONS=detect_odr_violation=0:detect_leaks=\$leaks:$common
LSAN_OPTIONS=suppressions=$build/leaks:print_suppressions=0
UBSAN_OPTIONS=print_stacktrace=1:suppressions=$build/undefined:$common
export ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS
exec $build/nginx/nginx "\$@"
END

chmod +x "$build/nginx.sh"

AI_BUILD=$build
AI_NGINX=$build/nginx.sh
AI_MODULE=$build/nginx/ngx_http_ai_gateway_module.so
export AI_BUILD AI_NGINX AI_MODULE

exec tools/test.pl --reports "$reports" "$@"
