#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Every wait has an end: to connect, to the first token, between two events,
# in all; and none of them ends what is only slow to be read.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

use AIGateway::Engine;
use AIGateway::Mock;

my ($full, @full) = AIGateway::Engine::full_port();

# accepts and never reads
my $deaf = IO::Socket::INET->new(Listen => 9, LocalAddr => '127.0.0.1');

my $dns = AIGateway::Mock->start(program => 'dns.js', args => ['--zone',
    'silent.test=drop']);
my $proxy = AIGateway::Mock->start(program => 'connect-proxy.js',
    args => ['--recipe', 'delay=9000']);

my $e = AIGateway::Engine->new(vars => { FULL => $full,
    DEAF => $deaf->sockport, DNS => $dns->port, PROXY => $proxy->port },
    http => <<'END');
resolver 127.0.0.1:%%DNS%% ipv6=off;
ai_provider full {
    type openai; url http://127.0.0.1:%%FULL%%/v1; timeout connect=300ms;
}
ai_provider first {
    type openai; url http://127.0.0.1:%%A%%/v1; timeout first_token=300ms;
}
ai_provider idle {
    type openai; url http://127.0.0.1:%%A%%/v1; timeout idle=300ms;
}
ai_provider total {
    type openai; url http://127.0.0.1:%%A%%/v1; timeout total=600ms;
}
ai_provider deaf {
    type openai; url http://127.0.0.1:%%DEAF%%/v1; timeout idle=300ms;
}
ai_provider silent {
    type openai; url http://silent.test/v1; timeout total=300ms;
}
ai_provider proxied {
    type openai; url http://127.0.0.1:%%A%%/v1; timeout total=300ms;
    proxy http://127.0.0.1:%%PROXY%%;
}
ai_provider fulltotal {
    type openai; url http://127.0.0.1:%%FULL%%/v1; timeout total=300ms;
}
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_model full { target full m; fallback b m; retry 1; }
ai_model first { target first m; fallback b m; retry 1; }
ai_model total { target total m; fallback b m; retry 1; }
ai_model deaf { target deaf m; fallback b m; retry 1; }
ai_model silent { target silent m; fallback b m; retry 1; }
ai_model proxied { target proxied m; fallback b m; retry 1; }
ai_model fulltotal { target fulltotal m; fallback b m; retry 1; }
ai_model both { target total m; fallback total m2; retry 3 backoff=1ms; }
ai_model wait { target total m; retry 3 backoff=2s; }
END


sub within {
    my ($r, $from, $to, $what) = @_;

    ok $r->{time} > $from && $r->{time} < $to, "$what ($r->{time} s)";
    return;
}


# name, question, when it ends; each is a fault that another provider mends

for (['connecting', 'full', {}, 0.3],
    ['the first event', 'first', { stream => 1,
        mock => 'delay=3000|status=200' }, 0.3],
    ['the first event behind the head', 'first', { stream => 1,
        mock => 'first=3000|status=200' }, 0.3],
    ['the first event behind pings', 'first', { stream => 1,
        mock => 'endless=pings,gap=30|status=200' }, 0.3],
    ['a head that trickles', 'first', { stream => 1,
        mock => 'endless=headers,gap=30|status=200' }, 0.3],
    ['sending the request', 'deaf', { user => 'x' x 20_000_000 }, 0.3],
    ['the whole reply', 'total', { mock => 'delay=3000|status=200' }, 0.6],
    ['the end of it', 'total', { mock => 'stall=100|status=200' }, 0.6],
    ['a whole reply that trickles', 'total', {
        mock => 'endless=headers,gap=30|status=200' }, 0.6],
    ['any reply', 'total', { stream => 1, mock => 'delay=3000|status=200' },
        0.6],
    ['a name', 'silent', {}, 0.3],
    ['a tunnel', 'proxied', {}, 0.3],
    ['a connection', 'fulltotal', {}, 0.3])
{
    my ($name, $model, $ask, $time) = @$_;
    my $r = $e->chat(%$ask, model => $model);

    is_deeply [@$r{qw(status complete)}, $r->{header}{'x-ai-fallback'} // ''],
        [200, 1, "$model/m; timeout"], "waiting for $name ends, and the next "
            . 'provider is asked' or diag $r->{body};
    within($r, $time - 0.02, $time + 1.5, 'in time');

    next if $ask->{user};

    $r = $e->chat(model => "$model/m", $ask->{stream} ? (stream => 1) : (),
        mock => (split /\|/, $ask->{mock} // 'seq=1')[0])
        if $time == 0.6 || $model =~ /silent|proxied|fulltotal/;
    is_deeply [$r->{status}, $r->{json}{error}{code}, $r->{log}{attempts}],
        [504, 'upstream_timeout', 1], 'or the client is told'
        if $r->{status} != 200;
    within($r, $time - 0.02, $time + 1.5, 'in time too') if $r->{status} != 200;
}

my $r = $e->chat(model => 'both', mock => 'delay=3000');
is_deeply [$r->{status}, $r->{json}{error}{code}, $r->{log}{attempts}],
    [504, 'upstream_timeout', 1], 'the total is that of all attempts';
within($r, 0.58, 2, 'in time');

$r = $e->chat(model => 'wait', mock => 'status=529');
is_deeply [$r->{status}, $r->{log}{attempts}], [529, 1],
    'no wait for a next attempt goes beyond it';
within($r, 0, 0.9, 'so none begins');

$r = $e->chat(model => 'total/m', stream => 1, mock => 'events=99,gap=40');
is_deeply [$r->{complete}, $r->{log}{error}], [0, 'cut'],
    'a stream must end within the total, too';
like $r->{body}, qr/word9.*"code":"upstream_timeout"\}\}\n\n\z/s, 'and says so';
within($r, 0.58, 2, 'in time');

$r = $e->chat(model => 'first/m', mock => 'delay=700');
is $r->{status}, 200, 'the time to the first token is not that of a whole '
    . 'reply';
$r = $e->chat(model => 'first/m', stream => 1, mock => 'events=5,gap=150');
is $r->{complete}, 1, 'nor that of a whole stream';
$r = $e->chat(model => 'idle/m', mock => 'delay=700');
is $r->{status}, 200, 'nor is that between two events';

$r = $e->chat(model => 'idle/m', mock => 'size=3000000,stall=2000000');
is_deeply [$r->{complete}, $r->{log}{error}], [0, 'cut'],
    'a large reply that stalls is cut';
within($r, 0.28, 2, 'in time');

$r = $e->chat(model => 'idle/m', stream => 1, mock => 'first=700');
is_deeply [$r->{complete}, $r->{log}{error}], [1, ''],
    'what is slow to begin is not idle';

$r = $e->chat(model => 'idle/m', stream => 1, mock => 'size=20000,events=1,'
    . 'split=500');
is $r->{complete}, 1, 'nor is one long event';

# a provider that is held back is not slow

for my $events (20000, 40) {
    my ($bytes, $case) = $e->request(model => 'idle/m', stream => 1,
        mock => "size=12000000,events=$events");
    my $c = $e->client(rcvbuf => 32768);

    $e->{mock}->reset;
    $c->write($bytes);
    $c->read_some(2);
    sleep 1;
    $c->read_for(0.2);
    sleep 0.6;

    my $r = $e->after($c->response(20), $case);

    is_deeply [$r->{complete}, $r->{log}{error}], [1, ''],
        "a slow client is not cut off from a stream of $events events";
    $c->close;
}

$proxy->stop;
$e->done;
done_testing;
