package Lint::Docs;

# README.md and the tables say the same: every directive, variable and vendor
# has its entry, and every entry is real.  Every directive is used in a test.
#
# An entry is a heading or the first cell of a table row that begins with the
# name in backquotes, in the section whose heading says Directives, Variables
# or Providers.

use strict;
use warnings;

use Lint::Tables qw(directives variables vendors);

my $readme = 'README.md';


sub check {
    my ($tree) = @_;

    return [ $readme, 1, 'there is no such file' ]
        if !$tree->files(qr/^\Q$readme\E$/);

    my @directives = directives($tree->{root});

    return (
        compare($tree, qr/\bdirectives\b/i, 'directive', @directives),
        compare($tree, qr/\bvariables\b/i, 'variable',
                map { "\$$_" } variables($tree->{root})),
        compare($tree, qr/\bproviders\b/i, 'provider',
                map { $_->{name} } vendors($tree->{root})),
        untested($tree, @directives),
    );
}


sub compare {
    my ($tree, $section, $kind, @names) = @_;

    my %real = map { $_ => 1 } @names;
    my %entry = entries($section, $tree->lines($readme));

    return (
        (map { [ $readme, 1, "$kind $_ has no entry" ] }
         grep { !$entry{$_} } @names),
        (map { [ $readme, $entry{$_}, "there is no $kind $_" ] }
         grep { !$real{$_} } sort keys %entry),
    );
}


# A section ends at the next heading of its own level or above

sub entries {
    my ($section, @lines) = @_;

    my ($level, %found) = (0);

    for my $i (0 .. $#lines) {
        my ($marks, $title) = $lines[$i] =~ /^(#+)\s+(.*)/;

        if ($marks && (!$level || length $marks <= $level)) {
            $level = $title =~ $section ? length $marks : 0;
            next;
        }

        $found{$1} //= $i + 1
            if $level && $lines[$i] =~ /^(?:#+|\|)\s+`(\$?[\w-]+)/;
    }

    return %found;
}


sub untested {
    my ($tree, @directives) = @_;

    my $tests = join "\n", map { $tree->text($_) }
                               $tree->files(qr{^t/.*\.(?:t|js|mjs|py|pm|conf)$
                                               | ^t/\w+/run$}x);

    return map { [ $readme, 1, "directive $_ is in no test" ] }
           grep { $tests !~ /(?<![\w\$-])\Q$_\E\s+\S|(?<![\w\$-])\Q$_\E;/ }
           @directives;
}

1;
