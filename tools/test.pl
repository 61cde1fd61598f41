#!/usr/bin/perl

# Runs tests, any kind, and ends with one line: "N passed, N failed".
#
#   tools/test.pl [--verbose] [--reports DIR] [TEST...]
#
#   t/unit/NAME.c                   the program build/unit/NAME
#   t/*.t t/*/*.t                   Perl; Test::Nginx most of them
#   t/*/selftest.js t/*/*.test.js   node
#   t/*/*.test.py                   python3
#
# All of them speak TAP and can run side by side: each takes ports and
# directories of its own (t/lib does).  Without TEST everything found is run.
#
# In their environment AI_MODULE is the module and TEST_NGINX_BINARY the nginx
# under test.  A file in the directory --reports is a failure.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Getopt::Long qw(GetOptions);
use TAP::Harness;

my $root = dirname(dirname(abs_path($0)));
my $build = $ENV{AI_BUILD} || "$root/build";

$ENV{AI_MODULE} ||= "$build/nginx/ngx_http_ai_gateway_module.so";
$ENV{TEST_NGINX_BINARY} = $ENV{AI_NGINX} || 'nginx';

# for one test file: a hung one must not hang the run
my $seconds = 900;

my ($verbose, $reports);

GetOptions('verbose' => \$verbose, 'reports=s' => \$reports)
    or die "usage: tools/test.pl [--verbose] [--reports DIR] [TEST...]\n";

# nginx itself reads NGINX: sockets handed over by an older master
delete $ENV{NGINX};

chdir $root or die "$root: $!\n";

my @tests = @ARGV ? @ARGV : all_tests();
my @faults;

@tests = grep { -e $_ || !push @faults, "no such test: $_" } @tests;

my $started = time();
my $total = @tests ? run(@tests) : undef;

push @faults, reports($reports) if defined $reports;

exit summary($total, time() - $started, @faults);


sub all_tests {
    return (
        grep({ $_ ne 't/unit/ngx_shim.c' } glob('t/unit/*.c')),
        glob('t/*/*.t t/*/selftest.js t/*/*.test.js t/*/*.test.mjs'),
        glob('t/*/*.test.py t/*.t'),
    );
}


sub run {
    my @files = @_;

    my $harness = Harness->new({
        jobs => jobs(),
        timer => 1,
        verbosity => $verbose ? 1 : 0,
        color => -t STDOUT ? 1 : 0,
        exec => \&command,
    });

    return $harness->runtests(@files);
}


sub jobs {
    chomp(my $cores = `nproc 2>/dev/null` || 1);

    return $cores;
}


sub command {
    my ($harness, $file) = @_;

    my @limit = ('timeout', '-k', 10, $seconds);

    return [@limit, "$build/unit/$1"] if $file =~ m{^t/unit/(.+)\.c$};
    return [@limit, 'node', '--test-reporter=tap', $file]
        if $file =~ /\.m?js$/;
    return [@limit, 'python3', $file] if $file =~ /\.py$/;

    return [@limit, $^X, '-It/lib', $file];
}


sub reports {
    my ($dir) = @_;

    return map { "$_:\n" . slurp($_) } grep { -s } glob("$dir/*");
}


sub slurp {
    my ($file) = @_;

    open my $in, '<', $file or return "$file: $!\n";
    local $/;

    return scalar <$in>;
}


# A file that died, or printed another number of tests than it planned, counts
# as one failure more.

sub summary {
    my ($total, $took, @faults) = @_;

    my ($passed, $failed, $skipped) = (0, scalar @faults, 0);

    if ($total) {
        $skipped = $total->skipped;
        $passed = $total->passed - $skipped;
        $failed += $total->failed;

        for my $parser ($total->parsers) {
            $skipped++ if defined $parser->skip_all;
            next if $parser->failed;
            $failed++ if $parser->exit || $parser->wait
                         || $parser->parse_errors;
        }
    }

    if ($passed + $failed == 0) {
        push @faults, 'no test was run';
        $failed++;
    }

    print "not ok - $_\n" for @faults;
    printf "%d s\n", $took;
    print "$passed passed, $failed failed",
          $skipped ? ", $skipped skipped" : '', "\n";

    return $failed ? 1 : 0;
}


# A test that bails out fails alone: the others still run.

package Harness;

use parent -norequire, 'TAP::Harness';

sub _bailout {
    my ($self, $result) = @_;

    print 'bailed out: ', $result->explanation, "\n";
}
