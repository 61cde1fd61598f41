#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Clients that read slowly, and clients that go away: whatever state their
# request is in, the provider is held back or hung up on, and nothing stays.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::MD5;
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);
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
    http => <<'END', server => 'location = /metrics { ai_metrics; }');
resolver 127.0.0.1:%%DNS%% ipv6=off;
ai_provider a { type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY; }
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider full { type openai; url http://127.0.0.1:%%FULL%%/v1; }
ai_provider deaf { type openai; url http://127.0.0.1:%%DEAF%%/v1; }
ai_provider silent { type openai; url http://silent.test:80/v1; }
ai_provider proxied {
    type openai; url http://127.0.0.1:%%A%%/v1;
    proxy http://127.0.0.1:%%PROXY%%;
}
ai_model ab { target a m; fallback b m; retry 3; }
ai_model wait { target a m; retry 3 backoff=3s; }
ai_model full { target full m; fallback b m; }
ai_model deaf { target deaf m; fallback b m; }
ai_model silent { target silent m; fallback b m; }
ai_model proxied { target proxied m; fallback b m; }
END
my ($worker) = $e->{nginx}->workers;


sub live {
    my $c = $e->client;

    $c->write("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

    my $text = $c->response->{body};

    return { $text =~ /^(ai_gateway_in_flight\{[^}]*\}) (\S+)$/mg };
}


# A client that is told so much, reads until the pattern comes, if any, and
# goes away. What is left of its request.
sub leave {
    my ($ask, $pattern, $after) = @_;
    my ($bytes, $case) = $e->request(%$ask);
    my $c = $e->client;

    $e->{mock}->reset;
    $c->write($bytes);
    $c->read_until($pattern, 3) if $pattern;
    sleep $after if $after;

    my $start = time;

    $c->abort;
    $e->{mock}->idle(3);

    my $r = $e->after({ raw => $c->{in} }, $case);

    $r->{took} = time - $start;
    return $r;
}


# name, question, what it reads first, when it leaves, requests that the
# mock has seen, status in the log

my $big = 'x' x (20 * 1024 * 1024);

for (['before the provider answers', { model => 'ab', mock => 'delay=9000' },
        undef, 0.1, 1, 499],
    ['before the first event', { model => 'ab', stream => 1,
        mock => 'first=9000' }, undef, 0.1, 1, 499],
    ['between pings', { model => 'ab', stream => 1,
        mock => 'endless=pings,gap=20' }, undef, 0.2, 1, 499],
    ['in the middle of a stream', { model => 'ab', stream => 1,
        mock => 'gap=30,events=300' }, qr/word3/, 0, 1, 200],
    ['in a stream that stalls', { model => 'ab', stream => 1,
        mock => 'stall=e3' }, qr/from/, 0.1, 1, 200],
    ['in the middle of a whole reply', { model => 'ab',
        mock => 'size=900000,stall=500000' }, undef, 0.1, 1, 499],
    ['while a next attempt is waited for', { model => 'wait',
        mock => 'status=529' }, undef, 0.2, 1, 499],
    ['while it is connected', { model => 'full' }, undef, 0.1, 0, 499],
    ['while the request is sent', { model => 'deaf', user => $big }, undef,
        0.3, 0, 499],
    ['while a name is resolved', { model => 'silent' }, undef, 0.1, 0, 499],
    ['while a tunnel is opened', { model => 'proxied' }, undef, 0.1, 0, 499])
{
    my ($name, $ask, $pattern, $after, $seen, $status) = @$_;
    my $r = leave($ask, $pattern, $after);

    is_deeply [@{ $r->{log} }{qw(status error)}], [$status, 'client_abort'],
        "a client that leaves $name is logged" or diag explain $r->{log};
    ok $r->{took} < 2, "at once ($r->{took} s)";
    is scalar(@{ $r->{seen} }), $seen, 'nobody else is asked';
    is $r->{seen}[0]{ended}, ($r->{seen}[0]{ended} || '') eq 'stalled'
        ? 'stalled' : 'client_gone', 'who was is hung up on' if $seen
        && $name !~ /waited/;
}

sleep 0.1;
is_deeply [grep { $_ } values %{ live() }], [], 'nothing is in flight';
is scalar(keys %{ live() }), 3, 'as the metrics say' or diag explain live();

{
    my ($bytes, $case) = $e->request(model => 'ab', user => $big);
    my $c = $e->client;

    $e->{mock}->reset;
    $c->write(substr $bytes, 0, 100000);
    sleep 0.1;
    $c->abort;

    my $r = $e->after({}, $case);

    is $e->{mock}->stats->{requests}, 0,
        'while the body is read nobody has been asked';
    is $r->{log}{error}, 'client_abort', 'a client that leaves then is logged'
        or diag explain $r->{log};
}


# Many at once, at any time.

{
    my $fds = Nginx::open_fds($worker);
    my @c;

    srand 7;
    $e->{mock}->reset;

    for my $n (1 .. 400) {
        my ($bytes) = $e->request(model => 'ab', stream => $n % 2,
            mock => 'gap=1,events=20,status=' . ($n % 3 ? 200 : 529)
                . "|delay=5,seq=$n");

        push @c, $e->client;
        $c[-1]->write($bytes);
        (splice @c, int rand @c, 1)->abort if @c > 40;
    }

    $_->abort for @c;
    ok $e->{mock}->idle(5), 'a storm of clients that leave passes';
    sleep 0.2;
    is_deeply [grep { $_ } values %{ live() }], [], 'and leaves nothing';
    cmp_ok Nginx::open_fds($worker), '<=', $fds + 60,
        'but kept connections';

    my $r = $e->chat(model => 'ab');
    is_deeply [$r->{status}, $r->{log}{attempts}], [200, 1],
        'the next one is served';
}


# Slow readers.

for my $stream (1, 0) {
    my $size = 50 * 1000 * 1000;
    my ($bytes, $case) = $e->request(model => 'ab', stream => $stream,
        mock => "size=$size,events=2000");
    my $c = $e->client(rcvbuf => 65536);
    my $rss = Nginx::rss_kb($worker);
    my ($most, $got, $tail) = ($rss, 0, '');

    $e->{mock}->reset;
    $c->write($bytes);
    sleep 1;

    ok $e->{mock}->stats->{in_flight}, $stream
        ? 'a stream waits for a slow client' : 'a large reply does too';

    while ($c->read_some(5) && !$c->{end}) {
        $got += length $c->{in};
        $tail = substr $tail . $c->{in}, -600;
        $c->{in} = '';
        @{ $c->{pieces} } = ();

        if ($got < 5e6) {
            my $now = Nginx::rss_kb($worker);
            $most = $now if $now > $most;
            sleep 0.002;
        }

        last if $tail =~ /\r\n0\r\n\r\n\z/
            || (!$stream && $tail =~ /"rejected_prediction_tokens":0\}\}\}\z/);
    }

    my $r = $e->after({}, $case);

    cmp_ok $got, '>', $size, 'which gets all of it';
    is_deeply [@{ $r->{log} }{qw(status error finish)}], [200, '', 'stop'],
        'and it ends well';
    cmp_ok $most - $rss, '<', 4096, 'in ' . ($most - $rss) . ' KB of memory';
    $c->close;
}


# Events of any size, up to a limit.

my $r = $e->chat(model => 'ab', stream => 1, mock => 'size=1000000,events=1');
is length(AIGateway::Engine::text($r->{body})), 1000000,
    'an event of a megabyte passes';
is_deeply [$r->{complete}, $r->{log}{error}], [1, ''], 'as any other';

$r = $e->chat(model => 'ab', stream => 1, mock => 'size=6000000,events=1');
is_deeply [$r->{complete}, $r->{log}{error}], [0, 'cut'],
    'one above ai_event_size does not';
like $r->{body}, qr/^data: \{.*\}\n\ndata: \{"error":[^\n]*\}\n\n\z/s,
    'what came before and an error are there';

my $huge = 'ctype=text/event-stream,body=' . encode_base64('data: {"choices":['
    . '{"delta":{"content":"' . 'x' x 4300000 . '"}}]}' . "\n\n", '');
$r = $e->chat(model => 'ab', stream => 1, mock => "$huge|status=200");
is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}],
    [200, 'a/m; bad_body'], 'as the first event it is a fault';

$proxy->stop;
$e->done;
done_testing;
