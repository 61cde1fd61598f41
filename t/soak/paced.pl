# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Streams that go on and on at a steady pace, with pings and pieces of text in
# turn.

use strict;
use warnings;

use Soak;
use Test::More;
use Time::HiRes qw(time);

my $s = Soak->new;
my @clients = map { $s->stream('1000000000-1') } 1 .. 4;
my $start = time;
my $next = 0;
my @points;

while (time < $start + Soak::seconds()) {
    my $seen = 0;

    for my $c (@clients) {
        Soak::consume($c, 5) or die "a stream has ended\n";
        $seen += $c->{counts}{events} + $c->{counts}{pings};
    }

    next if time < $next;
    push @points, [$seen, $s->memory_kb];
    $next = time + Soak::seconds() / 100;
}

my $least = Soak::seconds() * 20;

is scalar(grep { $_->{counts}{events} > $least && $_->{counts}{pings} > $least }
    @clients), @clients, 'every stream has gone on';
Soak::is_flat('memory is flat over long streams', @points);

$_->close for @clients;
$s->done;
