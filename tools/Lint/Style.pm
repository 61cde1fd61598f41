package Lint::Style;

# nginx's style, line by line and statement by statement.

use strict;
use warnings;

my $type = qr/(?:const\s+|unsigned\s+|struct\s+)*
              (?:ngx_\w+_t|u_char|char|void|int|unsigned|size_t|off_t|ssize_t
                 |uint\d+_t|int\d+_t|yajl_\w+|redis\w+)/x;

# on the code with comments and strings blanked
my @on_code = (
    [ qr/^(?!\s*#).*\b(if|for|while|switch|return|do|else)\(/,
      'no blank after "%s"' ],
    [ qr/\bsizeof\s+\(/, 'blank after "sizeof"' ],
    [ qr/\)\{/, 'no blank before "{"' ],
    [ qr/\b(?:if|while|switch) \(\s/, 'blank after "("' ],
    [ qr/\bfor \((?!\s+;)\s/, 'blank after "("' ],
    [ qr/\bfor \(;;\)/, 'write "for ( ;; )"' ],
    [ qr/\bfor \($type\s+\w/, 'declared inside "for"' ],
    [ qr/,(?=[^\s\\])/, 'no blank after ","' ],
    [ qr/\w(==|!=|<=|>=|&&|\|\|)[\w*&]/, 'no blanks around "%s"' ],
    [ qr/\b(0[xX][0-9a-f]*[A-F][0-9a-fA-F]*|0X\w*)\b/,
      'hexadecimal in upper case: %s' ],
    [ qr/(\((?:$type)\s*\*+\))[\w"&*]/, 'no blank after the cast "%s"' ],
    [ qr/(\((?:$type)\*+\))/, 'no blank before "*" in "%s"' ],
    [ qr/\b(?:$type)\*+ *\w/, '"*" belongs to the name' ],
    [ qr/[^\s;];[^\s;]/, 'no blank after ";"' ],
);

# on the line as it is
my @on_text = (
    [ qr/\t/, 'a tab' ],
    [ qr/\r/, 'a carriage return' ],
    [ qr/[ \t]+$/, 'trailing blanks' ],
    [ qr/^.{81}/, 'wider than 80 columns' ],
    [ qr{^[^"]*/\*(?=[^\s*])}, 'no blank after "/*"' ],
);


sub check {
    my ($tree) = @_;
    my @found;

    for my $file ($tree->files(qr/\.[ch]$/)) {
        my @lines = $tree->lines($file);
        my @code = $tree->code($file);
        my $strings = join "\n", no_strings($tree->text($file));

        for my $i (0 .. $#lines) {
            push @found, map { [ $file, $i + 1, $_ ] }
                             faults($lines[$i], \@on_text),
                             faults($code[$i], \@on_code),
                             else_after($i, @lines);
        }

        push @found, map { [ $file, @$_ ] } slashes($strings),
                                            statements(join "\n", @code),
                                            declarations(@code);
    }

    return @found;
}


sub faults {
    my ($line, $rules) = @_;
    my @found;

    for (@$rules) {
        my ($pattern, $text) = @$_;
        next if $line !~ $pattern;

        my $what = $1 // '';
        push @found, $text =~ s/%s/$what/r;
    }

    return @found;
}


sub else_after {
    my ($i, @lines) = @_;

    return if $lines[$i] !~ /^\s*\} else\b/ || $lines[$i - 1] !~ /^\s*[^#\s]/;
    return 'no empty line before "} else"';
}


# What is left without comments and strings shows "//"

sub no_strings {
    my ($text) = @_;

    $text =~ s{(/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
              {$1 =~ s/[^\n]/ /gr}gse;

    return $text;
}


sub slashes {
    my @lines = split /\n/, $_[0];

    return map { [ $_ + 1, '"//" opens a comment' ] }
           grep { $lines[$_] =~ m{//} } 0 .. $#lines;
}


sub line_of {
    my ($code, $at) = @_;

    return 1 + (substr($code, 0, $at) =~ tr/\n//);
}


sub column {
    my ($code, $at) = @_;

    return $at - 1 - rindex($code, "\n", $at - 1);
}


# Braces always; on a line of their own when the condition wraps or leaves no
# room, and only then.

sub statements {
    my ($code) = @_;
    my @found;

    while ($code =~ /(?<![#\w])(if|for|while|switch)\s*\(/g) {
        my ($word, $start) = ($1, $-[0]);
        my $end = closing($code, $+[0]);
        my $after = substr $code, $end, 200;

        next if macro($code, $start);

        # an "#endif" between the condition and its brace
        my $split = $after =~ s/^\s*\n#[^\n]*//;
        next if $word eq 'while' && substr($code, 0, $start) =~ /\}\s*$/
                && $after =~ /^\s*;/;

        my $line = line_of($code, $start);
        my $wrapped = substr($code, $start, $end - $start) =~ /\n/;

        if ($after !~ /^\s*\{/) {
            push @found, [ $line, "\"$word\" without braces" ];

        } elsif ($wrapped && $after =~ /^[^\n]*\{/) {
            push @found, [ $line, '"{" goes on its own line after a '
                                  . 'condition that wraps' ];

        } elsif (!$wrapped && !$split && $after =~ /^\s*\n/
                 && column($code, $end) + 2 < 80)
        {
            push @found, [ $line, '"{" goes on the line of the condition' ];
        }
    }

    while ($code =~ /(?<![#\w])(?<!# )(else|do)\b(?!\s*\{|\s+if\b|\n#)/g) {
        next if macro($code, $-[0]);
        push @found, [ line_of($code, $-[0]), "\"$1\" without braces" ];
    }

    return @found;
}


sub closing {
    my ($code, $at) = @_;

    my $depth = 1;
    pos($code) = $at;

    while ($depth && $code =~ /([()])/g) {
        $depth += $1 eq '(' ? 1 : -1;
    }

    return pos($code) // length $code;
}


# a preprocessor's line, or one that continues it

sub macro {
    my ($code, $at) = @_;

    my @before = split /\n/, substr($code, 0, $at + 1), -1;
    my $line = pop @before;

    while (@before && $before[-1] =~ /\\$/) {
        $line = pop @before;
    }

    return $line =~ /^\s*#/;
}


# Variables stand at the start of a block, their names in one column, two
# blanks at least behind the longest type, shorter types first.  Arguments
# taken by their type ("ngx_conf_t *prev = parent;") may do with one blank.

sub declarations {
    my @code = @_;
    my (@found, @block, @run, $record);

    my $end = sub {
        push @found, aligned(@run);
        @run = ();
    };

    for my $i (0 .. $#code) {
        my $line = $code[$i];

        # the fields of a type
        $record = 1 if $line =~ /\b(?:struct|union|enum)\b[^;=()]*\{\s*$/;
        $record = 0 if $line =~ /\}/;
        next if $record;

        if ($line =~ /^\}/) {
            @block = ();

        } elsif ($line =~ /^\{/) {
            @block = (0);

        } elsif (@block) {
            my $variable = variable($line);

            if ($variable && $line !~ /^\s*static\b/) {
                push @found, [ $i + 1, 'declared after a statement' ]
                    if $block[-1];
                push @run, [ $i + 1, @$variable ];
                next;
            }

            $end->() if $line !~ /^\s+[^;{}]*[;,]?\s*$/ || $line !~ /\S/;

            my $statement = $line =~ /[;(]/ && $line !~ /^\s*#/ && !@run;
            $block[-1] = 1 if $statement;

            for my $brace ($line =~ /[{}]/g) {
                $brace eq '{' ? push @block, 0 : pop @block;
            }
        }
    }

    $end->();

    return @found;
}


# [type, column of the name, blanks between] of a line that declares variables

sub variable {
    my ($line) = @_;

    my $pattern = qr/^(\s+)
                     ((?:(?:const|unsigned|struct|static|volatile)\s+)*
                      (?:[a-z_]\w*|BIO|(?:EVP|SSL|X509)(?:_[A-Z_]+)?))
                     (\s+)(\**)
                     ([a-zA-Z_]\w*)
                     (?:\[[^\]]*\])*\s*(?:[;,]|=(?!=))/x;

    return if $line !~ $pattern;

    my ($indent, $words, $gap, $stars, $name) = ($1, $2, $3, $4, $5);

    return if $words =~ /^(?:return|goto|else|case|break|continue|do|typedef)\b/;

    my $blanks = $line =~ /=/ ? 2 : length $gap;

    return [ $words, length("$indent$words$gap$stars"), $blanks ];
}


sub aligned {
    my @run = @_;
    my @found;

    return if !@run;

    my $longest = 0;

    for my $i (0 .. $#run) {
        my ($line, $words, $column, $blanks) = @{ $run[$i] };

        if ($column != $run[0][2]) {
            push @found, [ $line, 'names of variables not in one column' ];

        } elsif ($blanks < 2) {
            push @found, [ $line, 'two blanks at least before a variable' ];

        } elsif (length($words) < $longest) {
            push @found, [ $line, 'longer types after shorter ones' ];
        }

        $longest = length $words if length $words > $longest;
    }

    return @found;
}

1;
