# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A million events in one stream, as fast as they come: pings and pieces of text
# in turn.

use strict;
use warnings;

use Soak;
use Test::More;

my $half = 500_000;
my $s = Soak->new;
my $c = $s->stream($half);
my $next = 0;
my @points;

while (Soak::consume($c, 20)) {
    my $seen = $c->{counts}{pings} + $c->{counts}{events};
    next if $seen < $next;
    push @points, [$seen, $s->memory_kb];
    $next = $seen + 20_000;
}

my ($line) = $s->log_lines;

is $c->{counts}{pings}, $half, 'every ping comes through';
is $c->{counts}{events}, $half + 2, 'every event comes through';
is $c->{counts}{done}, 1, 'the stream ends as it should';
is $line->{out}, $half, 'the tokens are those that the provider told';
is $line->{finish}, 'stop', 'the log tells how the stream ended';
Soak::is_flat('memory is flat over a million events', @points);

$c->close;
$s->done;
