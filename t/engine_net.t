#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Ways to a provider: kept connections, unix sockets, IPv6, an upstream{}
# block.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes qw(sleep time);

use AIGateway::Checks qw(slurp);
use AIGateway::Engine;
use AIGateway::Mock;

my $v6 = slurp('/proc/net/if_inet6') =~ /^0{31}1 /m
    ? AIGateway::Mock->start(args => ['--listen', '[::1]:0']) : undef;

my $e = AIGateway::Engine->new(vars => { V6 => $v6 ? $v6->port : 1 },
    http => <<'END');
upstream pool {
    zone pool 64k;
    least_conn;
    server 127.0.0.1:%%DEAD%%;
    server 127.0.0.1:%%A%%;
    keepalive 4;
}
upstream gone {
    server 127.0.0.1:%%DEAD%%;
    server 127.0.0.1:1;
}
upstream kept {
    server 127.0.0.1:%%A%%;
    keepalive 4;
}
upstream backed {
    server 127.0.0.1:%%DEAD%%;
    server 127.0.0.1:%%B%% backup;
}
ai_provider a { type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY; }
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider sock { type openai; url http://unix:%%SOCK%%:/v1; key env:KEY; }
ai_provider nosock { type openai; url http://unix:%%SOCK%%.no:/v1; }
ai_provider six { type openai; url http://[::1]:%%V6%%/v1; key env:KEY; }
ai_provider pool { type openai; url http://pool/v1; key env:KEY; }
ai_provider gone { type openai; url http://gone/v1; key env:KEY; }
ai_provider kept { type openai; url http://kept/v1; key env:KEY; }
ai_provider backed { type openai; url http://backed/v1; key env:KEY; }
ai_model ab { target a m; fallback b m; retry 3; }
ai_model nosock { target nosock m; fallback b m; }
ai_model gone { target gone m; fallback b m; retry 1; }
ai_model pool { target pool m; retry 0; }
ai_model kept { target kept m; retry 0; }
ai_model kb { target kept m; fallback b m; retry 1; }
END
my ($worker) = $e->{nginx}->workers;


# The connections that these requests came over, by port.
sub conns {
    my %conn;

    $conn{ $_->{port} }{ $_->{conn} } = 1 for map { @{ $_->{seen} } } @_;
    return { map { $_ => scalar keys %{ $conn{$_} } } keys %conn };
}


my ($A, $B) = @{ $e->{vars} }{qw(A B)};

my @r = map { $e->chat(model => 'a/m', stream => $_ % 2, mock => "seq=$_",
    path => $_ % 5 ? '/v1/chat/completions' : '/v1/responses', input => 'x') }
    1 .. 20;
is_deeply [grep { $_->{status} != 200 || !$_->{complete} } @r], [],
    '20 requests are answered';
is_deeply conns(@r), { $A => 1 }, 'over one connection';

@r = map { $e->chat(model => 'ab', stream => $_ % 2,
    mock => 'status=' . (429, 500, 529)[$_ % 3] . '|status=200') } 1 .. 20;
is_deeply [grep { $_->{log}{attempts} != 2 } @r], [], '20 fallbacks are made';
is_deeply conns(@r), { $A => 1, $B => 1 }, 'over one connection each';

for my $wire ('framing=chunked', 'split=1', 'status=404', 'html', 'empty') {
    @r = map { $e->chat(model => 'a/m', mock => "$wire,events=1,seq=$_") }
        1 .. 3;
    is_deeply conns(@r), { $A => 1 }, "a connection is kept behind $wire";
}

for my $wire ('close', 'framing=close', 'gzip', 'framing=badchunk',
    'framing=shortlength', 'cut=9')
{
    @r = map { $e->chat(model => 'ab', mock => "$wire,seq=$_|status=200") }
        1 .. 3;
    is_deeply [conns(@r)->{$A}, grep { $_->{status} != 200 } @r], [3],
        "and not behind $wire";
}

for my $stream (0, 1) {
    my $s = $stream ? ', streamed' : '';

    # the mock closes without a word, before or after the next request
    for my $keep ('keepclose', 'keepclose=next') {
        @r = map { $e->chat(model => 'a/m', stream => $stream,
            mock => "$keep,seq=$_") } 1 .. 5;
        is_deeply [map { "@{ $_->{log} }{qw(status attempts)}" } @r],
            [('200 1') x 5], "a stale connection is no fault ($keep$s)"
            or diag explain [map { $_->{log} } @r];
    }
}

# replayed as it was, from memory or from a file
for my $size (100, 300_000) {
    $e->chat(model => 'a/m', mock => 'keepclose=next');

    my $r = $e->chat(model => 'ab', user => 'x' x $size);

    is_deeply [@{ $r->{log} }{qw(status attempts)}, $r->{seen}[-1]{length}
        > $size ? 1 : 0], [200, 1, 1], "with a body of $size bytes too";
}

$e->chat(model => 'a/m');
my $r = $e->chat(model => 'ab', mock => 'eofhead|status=200');
is_deeply [@{ $r->{log} }{qw(status attempts fallback_reason)}],
    [200, 2, 'connect'], 'but where the reply had begun it is one';

$e->chat(model => 'a/m');
$r = $e->chat(model => 'ab', mock => 'rst=w0|status=200');
is_deeply [@{ $r->{log} }{qw(status attempts)}], [200, 1],
    'a reset is as good as an end';

# more at a time than are worth keeping
{
    my @c = map { $e->client } 1 .. 160;

    $_->write(($e->request(model => 'a/m', mock => 'delay=300'))[0]) for @c;
    is_deeply [grep { $_->response(5)->{status} != 200 } @c], [],
        '160 requests at once are answered';
    $_->close for @c;
    is $e->{mock}->idle(2), 1, 'and over';

    my $kept = $e->{mock}->stats->{open_connections};

    ok $kept > 100 && $kept <= 129, "$kept connections are kept of them";
}

is $e->chat(model => 'a/m')->{status}, 200, 'a request over';
ok $e->{nginx}->reload, 'a reload';
($worker) = $e->{nginx}->workers;
sleep 0.1;
is $e->{mock}->stats->{open_connections}, 0, 'closes what was kept';


# Other addresses.

for my $name ('sock', $v6 ? 'six' : ()) {
    for my $stream (0, 1) {
        @r = map { $e->chat(model => "$name/m", stream => $stream) } 1 .. 3;
        is_deeply [map { "@{ $_->{log} }{qw(status attempts)}" } @r],
            [('200 1') x 3], "a provider at $name answers";
    }
}

is $r[0]{log}{addr}, "[::1]:$e->{vars}{V6}", 'as the log says' if $v6;
is $e->chat(model => 'sock/m')->{log}{addr}, "unix:$e->{vars}{SOCK}",
    'or a socket';
$r = $e->chat(model => 'nosock');
is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}],
    [200, 'nosock/m; connect'], 'a socket that is not there is a fault';


# An upstream{} block of nginx's.

for my $stream (0, 1) {
    @r = map { $e->chat(model => 'pool', stream => $stream,
        mock => "seq=$_") } 1 .. 6;
    is_deeply [map { "@{ $_->{log} }{qw(status attempts)}" } @r],
        [('200 1') x 6], 'a dead server in a block is passed over';
    is_deeply conns(@r), { $A => 1 }, 'and its keepalive is used';
}

is $r[0]{seen}[0]{headers}[0][1], 'pool', 'Host is the name in the url';

$r = $e->chat(model => 'backed/m');
is_deeply [@{ $r->{log} }{qw(status attempts)}], [200, 1],
    'a backup server is asked when the others are dead';

for (1, 2) {
    $r = $e->chat(model => 'gone');
    is_deeply [$r->{status}, $r->{log}{attempts}, $r->{header}{
        'x-ai-fallback'}], [200, 2, 'gone/m; connect'],
        'a block with dead servers only is a fault';
    $r = $e->chat(model => 'gone/m');
    is_deeply [$r->{status}, $r->{json}{error}{code}], [502,
        'upstream_error'], 'that is told';
}

for my $keep ('keepclose', 'keepclose=next') {
    @r = map { $e->chat(model => 'kept', mock => "$keep,seq=$_") } 1 .. 5;
    is_deeply [map { "@{ $_->{log} }{qw(status attempts)}" } @r],
        [('200 1') x 5], "a stale connection of a block is no fault ($keep)"
        or diag explain [map { $_->{log} } @r];
}

$e->chat(model => 'kept');
@r = map { $e->chat(model => 'kb', stream => $_ % 2,
    mock => 'status=429|status=200') } 1 .. 6;
is_deeply [map { "@{ $_->{log} }{qw(status attempts)}" } @r],
    [('200 2') x 6], 'a server that says 429 is not dead';
is_deeply conns(@r)->{$A}, 1, 'and its connection is kept';

for my $status (500, 529) {
    @r = map { $e->chat(model => 'kb', mock => "status=$status|status=200") }
        1 .. 3;
    is_deeply [map { "@{ $_->{log} }{qw(status attempts)}" } @r],
        [('200 2') x 3], "$status of a block moves on to the next target";
}

for my $wire ('framing=longlength', 'framing=shortlength', 'cut=40') {
    @r = map { $e->chat(model => 'kb', mock => "$wire,seq=$_|status=200") }
        1 .. 3;
    is_deeply [map { $_->{status} } @r], [(200) x 3],
        "$wire: a block's connection";
    is conns(@r)->{$A}, 3, 'is not kept';
}

my $out = $e->client;
my ($bytes, $case) = $e->request(model => 'kept', stream => 1,
    mock => 'gap=30,events=300');

$out->write($bytes);
$out->read_until(qr/word3/, 3);
$out->abort;
is $e->after({}, $case)->{log}{error}, 'client_abort',
    'a client that leaves is seen there too';

cmp_ok Nginx::open_fds($worker), '<', 40, 'no connection is left over';
$e->done;
done_testing;
