package Lint::Commits;

# Subjects of commits not yet pushed, or of the last fifty: "area: text", 72
# columns.  A commit that is made stays made: lint only warns.

use strict;
use warnings;


sub warnings_of {
    my ($tree) = @_;

    my $git = "git -C '$tree->{root}'";
    my $range = `$git rev-parse -q --verify origin/HEAD 2>/dev/null`
                ? 'origin/HEAD..HEAD' : '-n 50';

    my @found;

    for (`$git log --no-merges --format='%h %s' $range 2>/dev/null`) {
        chomp;
        my ($id, $subject) = split / /, $_, 2;

        push @found, [ $id, 'wider than 72 columns', $subject ]
            if length $subject > 72;
        push @found, [ $id, 'not "area: text"', $subject ]
            if $subject !~ /^[\w.,\/ -]{1,30}: \S/;
    }

    return @found;
}

1;
