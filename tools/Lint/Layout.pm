package Lint::Layout;

# How a C file is laid out: its head, its functions, their distance and size.

use strict;
use warnings;

my $max_file = 800;
my $max_function = 120;

my $head = <<'END';

/*
 * Copyright (C) The ngx_http_ai_gateway_module authors
 * SPDX-License-Identifier: Apache-2.0
 */

END


sub check {
    my ($tree) = @_;
    my @found;

    for my $file ($tree->files(qr/\.[ch]$/)) {
        my $text = $tree->text($file);
        my @lines = $tree->lines($file);
        my $count = @lines - 1;

        push @found, [ $file, 1, 'does not begin with the copyright lines' ]
            if index($text, $head) != 0;

        push @found, [ $file, $count, "$count lines, $max_file at most" ]
            if $count > $max_file;

        push @found, [ $file, $count, 'ends with an empty line' ]
            if $text =~ /\n\n$/;

        push @found, [ $file, $count, 'does not end with a line end' ]
            if $text !~ /\n$/;

        push @found, guard($file, $text) if $file =~ /\.h$/;

        for my $function ($tree->functions($file)) {
            push @found, map { [ $file, $function->{named}, $_ ] }
                             size($function),
                             named($function, $lines[$function->{named} - 1]),
                             prototype_of($function, $tree->code($file));

            push @found, [ $file, $function->{first},
                           "not two empty lines before $function->{name}()" ]
                if !apart($function->{first} - 1, @lines);
        }
    }

    return @found;
}


sub guard {
    my ($file, $text) = @_;

    my ($name) = $file =~ m{([^/]+)\.h$};
    my $macro = '_' . uc($name) . '_H_INCLUDED_';

    return if $text =~ /^#ifndef $macro\n#define $macro\n/m;
    return [ $file, 1, "the guard is not $macro" ];
}


sub size {
    my ($function) = @_;

    my $lines = $function->{end} - $function->{first} + 1;

    return if $lines <= $max_function;
    return "$function->{name}() has $lines lines, $max_function at most";
}


sub named {
    my ($function, $line) = @_;

    return if $line =~ /^\Q$function->{name}\E\(/;
    return "$function->{name}() does not begin a line";
}


sub prototype_of {
    my ($function, @code) = @_;

    return if !$function->{static} || $function->{inline};

    my $before = join "\n", @code[0 .. $function->{first} - 2];

    return if $before =~ /\b$function->{name}\s*\([^;{}]*;/;
    return "$function->{name}() has no prototype";
}


# Two empty lines above; a comment belongs to what follows it, and one empty
# line is enough behind a preprocessor's.

sub apart {
    my ($i, @lines) = @_;

    if ($lines[$i - 1] =~ m{\*/\s*$}
        || $lines[$i - 1] eq '' && $lines[$i - 2] =~ m{\*/\s*$})
    {
        $i-- while $i > 0 && $lines[$i - 1] !~ m{/\*};
        $i--;
    }

    my $empty = 0;

    while ($i > 0 && $lines[$i - 1] eq '') {
        $empty++;
        $i--;
    }

    return $empty == 2 || $empty == 1 && $lines[$i - 1] =~ /^\s*#|\\$/;
}

1;
