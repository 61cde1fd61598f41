package AIGateway::Checks;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What must hold at the end of every test: no secret in anything that leaves,
# no [alert], no sanitizer line, no socket left open.

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(canary canaries text_complaints log_complaints
    sanitizer_complaints free_port slurp spew);

my %canaries;                   # secret => what it is
my @locks;


# A secret nobody else has, to be looked for wherever it has no business.
sub canary {
    my ($what, $prefix) = @_;

    open my $fh, '<', '/dev/urandom' or die "urandom: $!";
    sysread $fh, my $bytes, 16;
    my $secret = ($prefix // 'sk-canary-') . unpack 'H*', $bytes;
    $canaries{$secret} = $what;
    return $secret;
}


sub canaries { return keys %canaries }


# Complaints about bytes that left: a response, a page of metrics.
sub text_complaints {
    my ($where, $text) = @_;

    return map { "$where contains a secret: $canaries{$_}" }
        grep { index($text, $_) >= 0 } sort keys %canaries;
}


# Complaints about a log. `allow` lists patterns of [alert] lines which the
# test provoked, as by killing a worker.
sub log_complaints {
    my ($path, %opt) = @_;
    my $secret = join '|', map { quotemeta } sort keys %canaries;
    my (@complaints, %seen, $dump);

    open my $fh, '<', $path or return;

    while (my $line = <$fh>) {
        my $what;

        # the request that nginx's proxy module shows, on lines of its own
        $dump = $line =~ /\[debug\].* http proxy header:$/
            if $line =~ m{^\d{4}/\d\d/\d\d };

        if ($line =~ /Sanitizer|runtime error:/ && !own_noise($line)) {
            $what = 'a sanitizer line';
        }
        elsif ($line =~ /open socket #/) {
            $what = 'an open socket';
        }
        elsif ($line =~ /\[alert\]/
            && !grep { $line =~ $_ } @{ $opt{allow} || [] })
        {
            $what = 'an [alert]';
        }
        elsif ($secret ne '' && $line =~ /($secret)/) {
            # and the headers of a client, which nginx shows at that level
            next if $dump
                || $line =~ /\[debug\].* http\d?(?: proxy)? header: "/;
            $what = "a secret: $canaries{$1}";
            $line =~ s/$secret/***/g;
        }

        if ($what && !$seen{$what}++) {
            chomp $line;
            push @complaints, "$path has $what: " . substr $line, 0, 300;
        }
    }

    return @complaints;
}


# The one complaint of UBSAN's about nginx's own code: memcpy(NULL, 0).
sub own_noise {
    my ($line) = @_;

    return $line =~ /ngx_string\.c:\d+:\d+: runtime error: null pointer/
        || $line =~ /SUMMARY: Undefined\S+ .*ngx_string\.c:\d+/;
}


# Reports that the sanitizers wrote to files of their own, since the start.
sub sanitizer_complaints {
    my ($prefix) = ($ENV{ASAN_OPTIONS} // '') =~ /log_path=([^:,\s]+)/;

    return if !$prefix;

    return map { my $f = $_;
            map { "$f: $_" }
                grep { /Sanitizer|runtime error:/ && !own_noise($_) }
                split /\n/, slurp($f) }
        grep { -s $_ && (stat _)[9] >= $^T } glob "$prefix*";
}


# A port for a server that will be started, and started again: below the range
# that the kernel hands out, and locked against other tests on this machine.
sub free_port {
    my $dir = '/tmp/ai-gateway-ports';

    mkdir $dir;

    for (1 .. 1000) {
        my $port = 12000 + int rand 20000;

        sysopen my $lock, "$dir/$port", 0x42, 0666 or next;  # O_RDWR|O_CREAT
        flock $lock, 6 or next;                              # LOCK_EX|LOCK_NB

        require IO::Socket::INET;
        my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '0.0.0.0',
            LocalPort => $port, ReuseAddr => 1) or next;
        close $s;
        push @locks, $lock;
        return $port;
    }

    die "no free port\n";
}


sub slurp {
    my ($path) = @_;

    open my $fh, '<:raw', $path or return '';
    local $/;
    return scalar(<$fh>) // '';
}


sub spew {
    my ($path, $text) = @_;

    open my $fh, '>:raw', $path or die "$path: $!";
    print $fh $text;
    close $fh or die "$path: $!";
}


1;
