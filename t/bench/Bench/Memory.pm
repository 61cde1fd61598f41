package Bench::Memory;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What the worker's memory grows by: with many streams open, and with large
# bodies on their way. A fresh worker for each.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(sleep time);

use AIGateway::Client;
use Bench::Load qw(probe request);
use Bench::Rig;

our @EXPORT_OK = qw(open_streams large_bodies);


# A fresh worker that has seen a few requests.
sub fresh {
    my ($side) = @_;
    my $rig = Bench::Rig->new;

    probe($rig, $side, { name => 'warming up', recipe => 'small',
        bytes => 300 }) for 1 .. 20;
    return $rig;
}


# KiB of private memory for each of so many streams, open and half way.
sub open_streams {
    my ($side, $n) = @_;
    my $rig = fresh($side);
    my $bytes = request($rig, $side, { recipe => 'open', bytes => 2048,
        stream => 1 });
    my $before = $rig->private_kb;
    my @clients;

    for (1 .. $n) {
        my $c = AIGateway::Client->new(port => $rig->{port});
        $c->write($bytes);
        push @clients, $c;
    }

    for my $c (@clients) {
        my $events = 0;

        until (($events = () = $c->{in} =~ /^data: /mg) >= 40) {
            $c->read_some(20) && !$c->{end}
                or die "open streams, $side: one stopped at event $events: "
                    . substr($c->{in}, 0, 300) . "\n";
        }
    }

    my $kb = ($rig->private_kb - $before) / $n;

    $_->close for @clients;
    $rig->stop;
    return $kb;
}


# KiB that the worker grew by at its peak, for each of so many bodies that
# were on their way at once.
sub large_bodies {
    my ($side, $bytes, $n) = @_;
    my $rig = fresh($side);
    my $request = request($rig, $side, { recipe => 'small',
        bytes => $bytes });
    my $before = $rig->rss_kb;
    my @clients = map { AIGateway::Client->new(port => $rig->{port}) } 1 .. $n;
    my @at = (0) x $n;

    while (grep { $_ < length $request } @at) {
        for my $i (0 .. $n - 1) {
            next if $at[$i] == length $request;
            my $piece = substr $request, $at[$i], 256 * 1024;
            $at[$i] += $clients[$i]->write($piece, 30)
                or die "large bodies, $side: cannot write\n";
        }
    }

    for my $c (@clients) {
        my $r = $c->response(60);
        die "large bodies, $side: status $r->{status}\n"
            if $r->{status} != 200;
        $c->close;
    }

    my $kb = ($rig->peak_kb - $before) / $n;

    $rig->stop;
    return $kb;
}


1;
