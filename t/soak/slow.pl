# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Clients that read one kilobyte a second of a stream of 100 MB, which the
# provider would send in a second.

use strict;
use warnings;

use Soak;
use Test::More;
use Time::HiRes qw(sleep time);

my $clients = 8;
my $events = 500_000;                   # some 100 MB
my $bound = 64;                         # KiB for each

my $s = Soak->new;

sub quick {
    my $c = $s->stream(100);
    1 while Soak::consume($c, 5);
    $c->close;
    return $c->{counts}{events};
}

quick() for 1 .. 20;

my $before = $s->memory_kb;
my $start = time;
my @points;

my @slow = map { $s->stream($events, rcvbuf => 4096) } 1 .. $clients;

# the first moments fill the buffers
while (time < $start + Soak::seconds()) {
    sleep 1;
    sysread $_->{socket}, my $piece, 1024 for @slow;
    push @points, [time - $start, $s->memory_kb];
}

my ($rise) = Soak::rise(@points[@points / 5 .. $#points]);
my $each = ($points[-1][1] - $before) / $clients;

is $s->{mock}->stats->{in_flight}, $clients, 'all of them read on';
cmp_ok $rise, '<', 8, 'memory is flat while slow clients read';
cmp_ok $each, '<', $bound, "a slow client takes less than $bound KiB";
diag sprintf 'slow clients: %+.1f KiB over %d s, %.1f KiB for each', $rise,
    $points[-1][0], $each;
is quick(), 102, 'others are served meanwhile';

$_->close for @slow;
ok $s->{mock}->idle(5), 'the provider is let go when the clients are';

my @ahead = grep { $_ > 20_000_000 } @{ $s->{mock}->stats->{bytes} };
is scalar @ahead, 0, 'the provider was held back';

$s->done;
