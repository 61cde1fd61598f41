package Lint::Words;

# What has no place in a committed file: work left over, the addresses of
# package registries, paths of one machine.

use strict;
use warnings;

# Written so that none of them matches itself.  A quoted word is data.
my @banned = (
    [ qr/(?<!")\b(T[O]DO|F[I]XME|X{3}|H[A]CK)\b/, 'work left over: %s' ],
    [ qr/\b((?:deb|security|snapshot|ftp[\w.]*)\.debian\.o[r]g)\b/,
      'a registry\'s host: %s' ],
    [ qr/\b(registry\.(?:npmjs|yarnpkg)\.\w+|files\.pythonhosted\.o[r]g
           |p[y]pi\.org|registry\.hub\.docker\.com)\b/x,
      'a registry\'s host: %s' ],
    [ qr{(?<![\w.\$)\}/-])(/(?:wo[r]k/|opt/s[r]c\b|r[o]ot/[.\w]|ho[m]e/\w))},
      'a path of one machine: %s' ],
    [ qr/\b(blazing\w*|seamless\w*|cutting[- ]edge|world[- ]class
           |effortless\w*|revolutionary|supercharge\w*)\b/xi,
      'a word that sells: %s' ],
);


sub check {
    my ($tree) = @_;
    my @found;

    for my $file ($tree->files) {
        next if $file =~ m{^(?:LICENSE$|t/fuzz/seeds/|tools/lint-test\.pl$
                              |tools/Lint/Words\.pm$)}x;

        my $text = $tree->text($file);
        next if $text =~ /\0/;

        my @lines = split /\n/, $text;

        for my $i (0 .. $#lines) {
            for (@banned) {
                my ($pattern, $what) = @$_;
                push @found, [ $file, $i + 1, sprintf $what, $1 ]
                    if $lines[$i] =~ $pattern;
            }
        }
    }

    return @found;
}

1;
