#!/usr/bin/perl

# The rules of the house that a machine can check.
#
#   tools/lint.pl [--root DIR] [CHECK...]
#
# A fault is one line, "file:line: check: what".  Each check is a module in
# tools/Lint and has cases in tools/lint-test.pl that it must find.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Getopt::Long qw(GetOptions);

use lib dirname(abs_path($0));
use Lint::Tree;
use Lint::Floors;
use Lint::Style;
use Lint::Layout;
use Lint::Statics;
use Lint::Calls;
use Lint::Config;
use Lint::Docs;
use Lint::Words;
use Lint::Commits;

my %checks = (
    floors => \&Lint::Floors::check,
    style => \&Lint::Style::check,
    layout => \&Lint::Layout::check,
    statics => \&Lint::Statics::check,
    calls => \&Lint::Calls::check,
    config => \&Lint::Config::check,
    docs => \&Lint::Docs::check,
    words => \&Lint::Words::check,
);

my $root = dirname(dirname(abs_path($0)));

GetOptions('root=s' => \$root)
    or die "usage: tools/lint.pl [--root DIR] [CHECK...]\n";

my @names = @ARGV ? @ARGV : sort keys %checks;
my $tree = Lint::Tree->new($root);
my $faults = 0;

for my $name (@names) {
    my $check = $checks{$name} or die "no check \"$name\"\n";

    for ($check->($tree)) {
        my ($file, $line, $what) = @$_;

        print "$file:$line: $name: $what\n";
        $faults++;
    }
}

if (!@ARGV) {
    printf "warning: commit %s: %s: %s\n", @$_
        for Lint::Commits::warnings_of($tree);
}

printf "lint: %d files, %s\n", scalar $tree->files,
       $faults ? "$faults faults" : 'no fault';

exit($faults ? 1 : 0);
