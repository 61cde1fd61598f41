package Bench::Report;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Figures to a table and to JSON.

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();
use POSIX qw(strftime);

use AIGateway::Checks qw(slurp spew);

our @EXPORT_OK = qw(median percentile table machine write_json);


sub percentile {
    my ($p, @list) = @_;
    my @sorted = sort { $a <=> $b } @list;

    return $sorted[$p / 100 * $#sorted + 0.5];
}


sub median {
    my @sorted = sort { $a <=> $b } @_;
    my $n = @sorted;

    return ($sorted[($n - 1) / 2] + $sorted[$n / 2]) / 2;
}


# Rows are { name, unit, gateway, plain, what, target }: `what` of a row, its
# ratio, what is added or the gateway's own figure, is held against the target.
# `low` and `high` are a ratio's extremes.
sub table {
    my (@rows) = @_;
    my $format = "%-37s %-3s %8s %7s %7s %-12s  %s\n";
    my $text = sprintf $format, '', '', 'gateway', 'plain', 'ratio',
        'of rounds', 'target';

    for my $r (@rows) {
        if (!defined $r->{gateway}) {
            $text .= "\n$r->{name}\n";
            next;
        }

        $text .= sprintf $format, "  $r->{name}", $r->{unit},
            figure($r->{gateway}), figure($r->{plain}),
            $r->{what} eq 'ratio' ? sprintf('%.2f', $r->{ratio})
            : $r->{what} eq 'added' ? sprintf('%+.0f', $r->{added}) : '',
            defined $r->{low} ? sprintf('%.2f - %.2f', @$r{qw(low high)}) : '',
            !defined $r->{target} ? ''
            : "$r->{target} " . ($r->{holds} ? 'holds' : 'MISSED');
    }

    $text =~ s/ +$//mg;
    return $text;
}


sub figure {
    my ($x) = @_;

    return sprintf $x >= 1000 ? '%.0f' : $x >= 10 ? '%.1f' : '%.2f', $x;
}


# What it was measured on, as a few words each.
sub machine {
    my ($rig) = @_;
    my ($cpu) = slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)/m;
    my $cpus = () = slurp('/proc/cpuinfo') =~ /^processor\s*:/mg;
    my ($load) = slurp('/proc/loadavg') =~ /^(\S+)/;
    my (undef, $version) = $rig->{nginx}->run('-v');
    my (undef, undef, $kernel, undef, $arch) = POSIX::uname();

    ($version) = $version =~ m{nginx/(\S+)};
    return { cpu => $cpu // $arch, cpus => $cpus, kernel => $kernel,
        nginx => $version, load => $load + 0, pinned => $rig->{pinned},
        date => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime) };
}


sub write_json {
    my ($path, $what) = @_;

    spew($path, JSON::PP->new->canonical->pretty->encode($what));
    return;
}


1;
