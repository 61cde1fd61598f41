#!/usr/bin/perl

# Runs tests, any kind, and ends with one line: "N passed, N failed".
#
#   tools/test.pl [--verbose] [--reports DIR] [TEST...]
#
#   t/unit/NAME.c       the program build/unit/NAME
#   t/*.t               Test::Nginx, each file with ports and a server root
#                       of its own, so that files run side by side
#   t/*/*.test.js       node (also .mjs)
#   t/*/*.test.py       python3
#
# All of them speak TAP.  Without TEST everything found is run.  In a test's
# environment:
#
#   AI_NGINX, AI_MODULE           the nginx and the module under test
#   AI_TMP                        a directory of its own, empty at the start
#   TEST_NGINX_BINARY, TEST_NGINX_LOAD_MODULES, TEST_NGINX_SERVROOT,
#   TEST_NGINX_PORT               the same for Test::Nginx
#
# When all have run, every *.log left below their directories is read: a
# sanitizer's line, an [alert] or an open socket in one is a failure, and so is
# a file in the --reports directory.

use strict;
use warnings;

use Cwd qw(abs_path);
use Fcntl qw(:DEFAULT :flock);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Path qw(make_path remove_tree);
use File::Spec;
use Getopt::Long qw(GetOptions);
use IO::Socket::INET;
use TAP::Harness;

my $root = dirname(dirname(abs_path($0)));
my $build = $ENV{AI_BUILD} || "$root/build";
my $nginx = $ENV{AI_NGINX} || 'nginx';
my $module = $ENV{AI_MODULE} || "$build/nginx/ngx_http_ai_gateway_module.so";

# for one test file: a hung one must not hang the run
my $seconds = 900;

# locks on ports in use
my @held;

my ($verbose, $reports);

GetOptions('verbose' => \$verbose, 'reports=s' => \$reports)
    or die "usage: tools/test.pl [--verbose] [--reports DIR] [TEST...]\n";

# nginx itself reads NGINX: sockets handed over by an older master
delete $ENV{NGINX};

chdir $root or die "$root: $!\n";

my @tests = @ARGV ? @ARGV : all_tests();
my @faults;

@tests = grep { -e $_ || !push @faults, "no such test: $_" } @tests;

remove_tree("$build/test");

my $started = time();
my $total = @tests ? run(@tests) : undef;

push @faults, left_behind("$build/test");
push @faults, reports($reports) if defined $reports;

exit summary($total, time() - $started, @faults);


sub all_tests {
    my @found = (
        grep({ $_ ne 't/unit/ngx_shim.c' } glob('t/unit/*.c')),
        glob('t/*/*.test.js'), glob('t/*/*.test.mjs'), glob('t/*/*.test.py'),
        glob('t/*.t'),
    );

    return @found;
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

    $harness->callback(parser_args => sub {
        my ($args, $job) = @_;
        my $file = $job->[0];

        (my $name = $file) =~ s{[^\w.-]}{-}g;
        my $dir = "$build/test/$name";
        make_path($dir);

        $ENV{AI_NGINX} = $ENV{TEST_NGINX_BINARY} = $nginx;
        $ENV{AI_MODULE} = $ENV{TEST_NGINX_LOAD_MODULES} = $module;
        $ENV{AI_TMP} = $dir;
        $ENV{TEST_NGINX_SERVROOT} = "$dir/servroot";
        $ENV{TEST_NGINX_PORT} = free_ports();
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


# A block of four ports, held until this process ends by the locks that
# Test::Nginx itself takes for its random ports.

sub free_ports {
    my $dir = File::Spec->catdir(File::Spec->tmpdir(),
                                 "test-nginx-port-locks-$<");
    make_path($dir);

    for (1 .. 1000) {
        # below the ports that the kernel gives to clients
        my $port = 1988 + 4 * int(rand(7600));

        sysopen(my $lock, "$dir/port-$port.lock", O_CREAT | O_RDWR, 0600)
            or next;
        flock($lock, LOCK_EX | LOCK_NB) or next;

        next if grep { !is_free($_) } $port .. $port + 3;

        push @held, $lock;
        return $port;
    }

    die "no free ports\n";
}


sub is_free {
    return defined IO::Socket::INET->new(LocalAddr => '0.0.0.0',
                                         LocalPort => $_[0],
                                         Listen => 1, Reuse => 1);
}


sub left_behind {
    my ($dir) = @_;
    my @found;

    return if !-d $dir;

    find({ no_chdir => 1, wanted => sub {
        return if !/\.log$/ || !-f;

        open my $log, '<', $_ or return;

        while (my $line = <$log>) {
            next if $line !~ /\[alert\]|open socket #|Sanitizer|runtime error/;
            chomp $line;
            push @found, substr($_, length("$dir/")) . ": $line";
            last;
        }
    } }, $dir);

    return @found;
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
