package Bench::Memory;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What the worker's memory grows by: with many streams open, and with large
# bodies on their way. A fresh worker for each.

use strict;
use warnings;

use Exporter 'import';
use List::Util qw(max);
use Time::HiRes qw(time);

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


# KiB of private memory for each of so many streams of a recipe, open and half
# way.
sub open_streams {
    my ($side, $n, $recipe) = @_;
    my $rig = fresh($side);
    my $bytes = request($rig, $side, { recipe => $recipe, bytes => 2048,
        stream => 1 });
    my $before = $rig->memory_kb;
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

    my $kb = ($rig->memory_kb - $before) / $n;

    $_->close for @clients;
    $rig->stop;
    return $kb;
}


# KiB that the worker grew by at its peak, for each of so many bodies that
# were on their way at once.
sub large_bodies {
    my ($side, $bytes, $n) = @_;
    my $rig = fresh($side);
    my $request = request($rig, $side, { recipe => 'held',
        bytes => $bytes });
    my $before = $rig->memory_kb;
    my $peak = $before;
    my @clients = map { AIGateway::Client->new(port => $rig->{port}) } 1 .. $n;

    for (my $at = 0; $at < length $request; $at += 256 * 1024) {
        my $piece = substr $request, $at, 256 * 1024;

        for my $c (@clients) {
            $c->write($piece, 30) == length $piece
                or die "large bodies, $side: cannot write\n";
            $peak = max($peak, $rig->memory_kb);
        }
    }

    for my $c (@clients) {
        my $end = time + 60;

        until ($c->read_until(qr/\r\n\r\n/, 0.005)) {
            $peak = max($peak, $rig->memory_kb);
            die "large bodies, $side: no answer\n" if time > $end || $c->{end};
        }

        die "large bodies, $side: $c->{in}\n" if $c->{in} !~ /^\S+ 200 /;
        $c->close;
    }

    $rig->stop;
    return ($peak - $before) / $n;
}


1;
