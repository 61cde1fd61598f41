#!/usr/bin/perl

# Shows that every check of tools/lint.pl can fail: a small good tree passes,
# and each case, which is that tree with one thing changed, is found.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);

my $lint = dirname(abs_path($0)) . '/lint.pl';
my $dir = tempdir(CLEANUP => 1);

my $head = <<'END';

/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */

END

my $low = 'src/base/ngx_ai_low.c';
my $header = 'src/base/ngx_ai_low.h';
my $high = 'src/http/ngx_http_ai_high.h';
my $test = 't/unit/low.c';

my %good = (
    config => <<'END',
AI_DEPS="
    $ai_src/base/ngx_ai_low.h
    $ai_src/http/ngx_http_ai_high.h
"
AI_SRCS="
    $ngx_addon_dir/ngx_http_ai_gateway_module.c
    $ai_src/base/ngx_ai_low.c
    $ai_src/http/ngx_http_ai_variables.c
    $ai_src/provider/ngx_ai_vendors.c
"
END

    'ngx_http_ai_gateway_module.c' => $head . <<'END',

#include "ngx_http_ai_high.h"


static ngx_command_t  ngx_http_ai_commands[] = {

    { ngx_string("ai_one"),
      NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      NULL },

      ngx_null_command
};
END

    'src/http/ngx_http_ai_variables.c' => $head . <<'END',

static ngx_http_variable_t  ngx_http_ai_variables[] = {

    { ngx_string("ai_seen"), NULL, NULL, 0, 0, 0 },

      ngx_http_null_variable
};
END

    'src/provider/ngx_ai_vendors.c' => $head . <<'END',

static const ngx_ai_vendor_t  ngx_ai_vendors[] = {

    { ngx_string("acme"), ngx_string("Acme"),
      ngx_string("https://acme.example/v1"), ngx_string("ACME_KEY"), 0 },

    { ngx_string("local"), ngx_string("Local"), ngx_null_string,
      ngx_null_string, 0 }
};
END

    $high => $head . <<'END',

#ifndef _NGX_HTTP_AI_HIGH_H_INCLUDED_
#define _NGX_HTTP_AI_HIGH_H_INCLUDED_

#include "ngx_ai_low.h"

#endif /* _NGX_HTTP_AI_HIGH_H_INCLUDED_ */
END

    $header => $head . <<'END',

#ifndef _NGX_AI_LOW_H_INCLUDED_
#define _NGX_AI_LOW_H_INCLUDED_

ngx_int_t ngx_ai_low(ngx_str_t *s);

#endif /* _NGX_AI_LOW_H_INCLUDED_ */
END

    $low => $head . <<'END',

#include "ngx_ai_low.h"


static ngx_int_t ngx_ai_low_digit(u_char c);


/* "/" is not a comment, nor is "https://acme.example" */

static const u_char  ngx_ai_low_table[] = { 0x0a, 0xff };


ngx_int_t
ngx_ai_low(ngx_str_t *s)
{
    u_char      *p;
    ngx_uint_t   i;

    if (s->len == 0) {
        return NGX_DECLINED;

    } else if (s->len > sizeof(ngx_ai_low_table)
               && s->data != NULL)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        p = (u_char *) s->data + i;

        if (ngx_ai_low_digit(*p) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    do {
        i--;
    } while (i > 0);

    for ( ;; ) {
        break;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_ai_low_digit(u_char c)
{
    return c >= '0' && c <= '9' ? NGX_OK : NGX_ERROR;
}
END

    $test => $head . <<'END',

#include "tap.h"


int
main(void)
{
    return 0;
}
END

    't/one.t' => "location / { ai_one on; }\n",

    'README.md' => <<'END',
# Readme

## Directives

### `ai_one`

## Variables

| variable | holds |
|---|---|
| `$ai_seen` | what was seen |

## Providers

| `acme` | Acme |
| `local` | Local |

## Else

| `nothing` |
END
);

# [check, file, what is replaced, by what, what lint must say]
my @cases = (
    [ 'config', 'config', qr/.*variables\.c\n/, '',
      'variables.c:1: config: is not named' ],
    [ 'config', 'config', qr/low\.h/, 'no.h', 'no.h is named, and not there' ],
    [ 'config', 'config', qr/(.*low\.h\n)/, '$1$1', 'named twice' ],

    [ 'floors', $low, qr/"ngx_ai_low.h"/, '"ngx_http_ai_high.h"',
      'of the higher src/http' ],
    [ 'floors', $low, qr/"ngx_ai_low.h"/, '<ngx_http.h>', 'is pure' ],
    [ 'floors', $low, qr/"ngx_ai_low.h"/, '"../ngx_ai_low.h"', 'bare name' ],
    [ 'floors', $low, qr/break;/, 'i = ngx_time();', 'ngx_time() on a pure' ],
    [ 'floors', $low, qr/break;/, 'i = time(NULL);', 'time() on a pure' ],
    [ 'floors', $low, qr/break;/, 'i = socket(1, 2, 3);', 'socket() on a' ],
    [ 'floors', $low, qr/break;/, 'i = ngx_current_msec;', 'ngx_current_msec' ],
    [ 'floors', $header, qr/ngx_str_t/, 'ngx_http_request_t', 'on a pure' ],
    [ 'floors', 'src/base/ngx_http_ai_x.c', undef, $head, 'say the floor' ],

    [ 'style', $low, qr/    break/, "\tbreak", 'a tab' ],
    [ 'style', $low, qr/break;/, 'break; ', 'trailing blanks' ],
    [ 'style', $low, qr/break;/, 'break;' . ' ' x 70 . ';', 'wider than 80' ],
    [ 'style', $low, qr/break;/, 'break; // why', '"//" opens' ],
    [ 'style', $low, qr/break;/, 'break; /*why */', 'after "/*"' ],
    [ 'style', $low, qr/if \(s/, 'if(s', 'no blank after "if"' ],
    [ 'style', $low, qr/\) \{/, '){', 'before "{"' ],
    [ 'style', $low, qr/0\) \{/, "0)\n    {", 'on the line of the cond' ],
    [ 'style', $low, qr/NULL\)\n +\{/, 'NULL) {', 'on its own line' ],
    [ 'style', $low, qr/\{\n( +i--;)\n.*\}/, "\n\$1\n   ", 'without braces' ],
    [ 'style', $low, qr/( == 0\)) \{\n(.*)\n\n    \} else/,
      "\$1\n\$2\n\n    else", '"if" without braces' ],
    [ 'style', $low, qr/\n\n    \} else/, "\n    } else", 'no empty line' ],
    [ 'style', $low, qr/\( ;; \)/, '(;;)', 'for ( ;; )' ],
    [ 'style', $low, qr/for \(i/, 'for (int i', 'inside "for"' ],
    [ 'style', $low, qr/0xff/, '0xFF', 'in upper case: 0xFF' ],
    [ 'style', $low, qr/0x0a, /, '0x0a,', 'after ","' ],
    [ 'style', $low, qr/len == 0/, 'len==0', 'no blanks around "=="' ],
    [ 'style', $low, qr/\*\) s/, '*)s', 'after the cast' ],
    [ 'style', $low, qr/u_char \*\)/, 'u_char*)', 'before "*"' ],
    [ 'style', $low, qr/u_char      \*p/, 'u_char*      p', 'to the name' ],
    [ 'style', $low, qr/sizeof\(/, 'sizeof (', 'after "sizeof"' ],
    [ 'style', $low, qr/(i--;)/, "\$1\n        int  j;", 'after a statement' ],
    [ 'style', $low, qr/uint_t   i/, 'uint_t  i', 'not in one column' ],
    [ 'style', $low, qr/( +u_char +\*p;\n)( +ngx_uint_t +i;\n)/, '$2$1',
      'longer types after' ],

    [ 'style', $low, qr/( +)u_char +\*p;\n.*\n/,
      '$1u_char *p;' . "\n", 'two blanks' ],

    [ 'layout', $low, qr/^\n/, '', 'copyright' ],
    [ 'layout', $low, qr/\n\n\nngx_int_t/, "\n\nngx_int_t", 'not two empty' ],
    [ 'layout', $low, qr/\nngx_ai_low\(/, ' ngx_ai_low(', 'not begin a line' ],
    [ 'layout', $low, qr/.*digit\(u_char c\);\n/, '', 'has no prototype' ],
    [ 'layout', $low, qr/( +break;\n)/, '$1' x 120, '120 at most' ],
    [ 'layout', $low, qr/(#include.*)/, '$1' . "\n" x 800, '800 at most' ],
    [ 'layout', $low, qr/\}\n\z/, "}\n\n", 'ends with an empty line' ],
    [ 'layout', $low, qr/\}\n\z/, '}', 'with a line end' ],
    [ 'layout', $header, qr/_NGX_AI_LOW_H_I/, '_LOW_I', 'the guard' ],

    [ 'statics', $low, qr/static const/, 'static', 'ngx_ai_low_table is' ],
    [ 'statics', $low, qr/ \*p;/, " *p;\n    static int n;", 'n is data' ],
    [ 'statics', $low, qr/(\n\nngx_int_t)/, "\n\nint  ngx_ai_n;\n\$1",
      'ngx_ai_n is data' ],

    [ 'calls', $low, qr/break;/, 'strcpy(p, p);', 'strcpy()' ],
    [ 'calls', $low, qr/break;/, 'free(p);', 'free()' ],
    [ 'calls', $low, qr/break;/, 'i = atoi("1");', 'atoi()' ],
    [ 'calls', $low, qr/break;/, 'ngx_ai_low(s);', 'calls itself' ],
    [ 'calls', $low, qr/break;/, 'ngx_ai_secret_copy(p, s);', 'called here' ],

    [ 'docs', 'README.md', qr/.*`ai_one`.*/, '', 'ai_one has no entry' ],
    [ 'docs', 'README.md', qr/ai_one/, 'ai_two', 'no directive ai_two' ],
    [ 'docs', 'README.md', qr/.*ai_seen.*/, '', '$ai_seen has no entry' ],
    [ 'docs', 'README.md', qr/ai_seen/, 'ai_lost', 'no variable $ai_lost' ],
    [ 'docs', 'README.md', qr/.*acme.*/, '', 'acme has no entry' ],
    [ 'docs', 'README.md', qr/.*local.*/, '', 'local has no entry' ],
    [ 'docs', 'README.md', qr/acme/, 'ajax', 'no provider ajax' ],
    [ 'docs', 't/one.t', qr/ai_one/, 'ai_two', 'ai_one is in no test' ],

    [ 'words', $low, qr/break;/, 'break; /* TODO */', 'left over: TODO' ],
    [ 'words', 't/one.t', qr/^/, "FIXME\n", 'left over: FIXME' ],
    [ 'words', 'x.sh', undef, "curl http://deb.deb" . "ian.org/x\n", 'host' ],
    [ 'words', 'x.sh', undef, "https://registry.np" . "mjs.org/y\n", 'host' ],
    [ 'words', 'x.sh', undef, "cd /wo" . "rk/main\n", 'a path of one machine' ],
    [ 'words', 'x.sh', undef, "ls /root/.ssh\n", 'a path of one machine' ],
    [ 'words', 'README.md', qr/^/, "a seamless module\n", 'that sells' ],
);

my $failed = 0;

lay(%good);
my ($code, $said) = lint();
fail("the good tree passes\n$said") if $code != 0;

for (@cases) {
    my ($check, $file, $from, $to, $expected) = @$_;
    my %tree = %good;

    $tree{$file} = defined $from ? change($good{$file}, $from, $to) : $to;

    fail("a case of $check changes nothing ($expected)")
        if ($good{$file} // '') eq $tree{$file};

    lay(%tree);
    ($code, $said) = lint($check);

    fail("$check says \"$expected\" of $file\n$said")
        if $code == 0 || index($said, $expected) < 0;
}

printf "lint-test: %d cases, %s\n", 1 + @cases,
       $failed ? "$failed not found" : 'all found';

exit($failed ? 1 : 0);


sub fail {
    print 'not ok - ', @_, "\n";
    $failed++;
}


sub change {
    my ($text, $from, $to) = @_;

    $text =~ s{$from}{
        my @group = ($1 // '', $2 // '');
        $to =~ s/\$([12])/$group[$1 - 1]/gr
    }me;

    return $text;
}


sub lay {
    my %tree = @_;

    remove_tree("$dir/tree");

    for my $file (keys %tree) {
        make_path(dirname("$dir/tree/$file"));

        open my $out, '>', "$dir/tree/$file" or die "$file: $!\n";
        print $out $tree{$file};
        close $out or die "$file: $!\n";
    }
}


sub lint {
    my @checks = @_;

    my $said = `'$^X' '$lint' --root '$dir/tree' @checks 2>&1`;

    return ($? >> 8, $said);
}
