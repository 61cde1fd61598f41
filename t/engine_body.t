#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Bodies of any size go through both ways: what the client sent arrives but
# for the spans that had to change, as often as it is sent; what the provider
# answers comes back as it was.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(sleep);

use AIGateway::Engine;

my $e = AIGateway::Engine->new(http => <<'END', server => <<'MEM');
ai_provider a { type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY; }
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider early {
    type openai; url http://127.0.0.1:%%A%%/~early,status=429/v1; key env:KEY;
}
ai_provider good {
    type openai; url http://127.0.0.1:%%A%%/~early/v1; key env:KEY;
}
ai_model one { target a a-longer-name-than-it-has; }
ai_model ab { target a model-a; fallback b b; }
ai_model early { target early m; fallback b m; }
END
location /memory/ {
    ai_gateway on;
    ai_auth none;
    client_body_buffer_size 32m;
}
MEM

my $path = '/v1/chat/completions';
my ($worker) = $e->{nginx}->workers;


# A question of about so many bytes, with the model where it is wanted.
sub question {
    my ($size, %opt) = @_;
    my $model = $opt{model} // 'a/m';
    my $name = qq("model" :\t"$model");
    my $rest = '"mock":"' . ($opt{mock} // 'events=1') . '",'
        . ($opt{stream} ? '"stream":true,' : '')
        . '"messages":[{"role":"user","content":"%s"}]';
    my $q = ($opt{at} // 'start') eq 'start' ? "{ $name, $rest}"
        : "{$rest,\n$name\n}\n";
    my $fill = "caf\x{c3}\x{a9} \\u00e9 \\\"model\\\":\\\"a/m\\\" ";

    $size -= length $q;
    $fill = $size > 0 ? substr($fill x (1 + $size / length $fill), 0, $size)
        : '';
    substr($fill, -8) =~ s/(?:\\|\\u[0-9a-f]{0,3}|\xc3)\z// if $size > 8;
    substr $q, index($q, '%s'), 2, $fill;
    return $q;
}


# What is to arrive of it, under this model's name.
sub spliced {
    my ($q, $model, $stream) = @_;
    my $at = index $q, qq("model" :\t") or die;

    $q =~ s/"model" :\t"\K[^"]*/$model/;
    $q =~ s/^\{/{"stream_options":{"include_usage":true},/ if $stream;
    return sha256_hex($q);
}


for my $size (100, 20_000, 300_000, 15_000_000) {
    for my $at ('start', 'end') {
        for my $place ($size < 1e7 ? ('', '/memory') : $at eq 'end'
            ? '/memory' : '')
        {
            for my $stream (0, $size < 1e7 ? 1 : ()) {
                my $what = "$size bytes, the model at the $at"
                    . ($place && ', in memory') . ($stream ? ', streamed' : '');
                my $q = question($size, at => $at, stream => $stream,
                    mock => 'status=529,events=1|status=200', model => 'ab');
                my $r = $e->chat(path => $place . $path, raw => $q);

                is_deeply [@{ $r->{log} }{qw(status codes)}],
                    [200, '529, 200'], "$what: two attempts";
                is_deeply [map { $_->{sha256} } @{ $r->{seen} }],
                    [spliced($q, 'model-a', $stream),
                        spliced($q, 'b', $stream)], 'each is sent it whole';
            }
        }
    }
}

for my $model (['a/m', 'm'], ['one', 'a-longer-name-than-it-has'],
    ['b/ab', 'ab'])
{
    my $q = question(20_000, model => $model->[0]);
    is $e->chat(raw => $q)->{seen}[0]{sha256}, spliced($q, $model->[1]),
        "the name $model->[0] becomes $model->[1]";
}

{
    my $q = question(100_000_000);
    my $rss = Nginx::rss_kb($worker);
    my $r = $e->chat(raw => $q, timeout => 30);

    is_deeply [$r->{status}, $r->{seen}[0]{sha256}], [200, spliced($q, 'm')],
        '100 MB arrive';
    cmp_ok Nginx::rss_kb($worker) - $rss, '<', 4096, 'and leave no memory';
}


# However the client sends them.

sub upload {
    my ($name, $q, $send, @headers) = @_;
    my ($bytes, $case) = $e->request(raw => $q, headers => ['Content-Type',
        'application/json', @headers]);
    my ($head) = $bytes =~ /^(.*?\r\n\r\n)/s;
    my $c = $e->client;

    $e->{mock}->reset;
    $send->($c, $head, $q);

    my $r = $e->after($c->response(10), $case);

    is_deeply [$r->{status}, $r->{seen}[0]{sha256}, $r->{seen}[0]{framing}],
        [200, spliced($q, 'm'), 'length'], $name;
    $c->close;
    return;
}

for my $step (1, 100, 16384) {
    upload("a body in chunks of $step bytes arrives", question(700 * $step
        ** 0.7), sub {
        my ($c, $head, $q) = @_;

        $head =~ s/Content-Length: \d+/Transfer-Encoding: chunked/;
        $q =~ s/(.{1,$step})/sprintf("%x\r\n%s\r\n", length $1, $1)/gse;
        $c->write($head . $q . "0\r\n\r\n");
    });
}

upload('a body of one byte a packet arrives', question(900), sub {
    my ($c, $head, $q) = @_;
    $c->trickle($head . $q, 1, 0.0005);
});

upload('a body that is waited for arrives', question(50_000), sub {
    my ($c, $head, $q) = @_;

    $c->write($head);
    ok $c->read_until(qr/^HTTP\/1\.1 100 .*?\r\n\r\n/, 2), '100 Continue';
    $c->write($q);
}, Expect => '100-continue');


# A provider that answers before it has read all of it.

for my $size (300_000, 20_000_000) {
    my $q = question($size, model => 'early', mock => 'seq=1');
    my $r = $e->chat(raw => $q);

    is_deeply [@{ $r->{log} }{qw(status codes)}], [200, '429, 200'],
        "an early refusal of $size bytes moves on";
    is +(grep { $_->{status} == 200 } @{ $r->{seen} })[0]{sha256},
        spliced($q, 'm'), 'with all of the body';

    $r = $e->chat(raw => question($size, model => 'early/m', mock => ''));
    is $r->{status}, 429, 'or is told';

    $r = $e->chat(raw => question(100, model => 'a/m', mock => 'seq=2'));
    is $r->{status}, 200, 'and what was under way is not seen again';
}


# A form: the model is in one of its parts.

for my $size (1000, 300_000, 20_000_000) {
    my $file = "RIFF\r\n--x\r\nContent-Disposition: form-data; name=\"model\""
        . "\r\n\r\na/m\r\n" . "\0\r\n\xff" x ($size / 4);

    for my $at ('first', 'last') {
        my @parts = (["form-data; name=\"file\"; filename=\"a.wav\"\r\n"
            . 'Content-Type: audio/wav', $file],
            ['form-data; name="response_format"', 'json']);
        my @model = (['form-data; name="model"', 'a/m']);
        my $form = join '', (map { "--xyz\r\nContent-Disposition: $_->[0]"
            . "\r\n\r\n$_->[1]\r\n" } $at eq 'first' ? (@model, @parts)
                : (@parts, @model)), "--xyz--\r\n";
        my $want = $form;

        $want =~ s/name="model"\r\n\r\n\Ka\/m(?=\r\n--xyz)/m/;

        my $r = $e->chat(path => '/v1/audio/transcriptions', raw => $form,
            headers => ['Content-Type' => 'multipart/form-data; boundary=xyz']);

        is_deeply [$r->{seen}[0]{sha256}, @{ $r->{log} }{qw(status
            target_model)}], [sha256_hex($want), 200, q(m)],
            "a form of $size bytes arrives, the model $at"
            or diag $r->{body};
    }
}


# Replies, beside what the provider says to one who asks it.

my $direct = AIGateway::Client->new(port => $e->{mock}->port(0));

for my $size (1500, 7600, 8190, 100_000, 1_100_000, 5_000_000, 50_000_000) {
    my ($bytes) = $e->request(model => 'm', mock => "size=$size");

    $direct->write($bytes);

    my $want = sha256_hex(AIGateway::Engine::response($direct, 20)->{body});

    for my $wire ($size > 1e7 ? ('') : ('', ',framing=chunked',
        ',framing=close', $size < 2e5 ? ',split=997' : ()))
    {
        my $r = $e->chat(model => 'a/m', mock => "size=$size$wire",
            timeout => 30);

        is_deeply [$r->{complete}, sha256_hex($r->{body}), @{ $r->{log} }{qw(
            tokens_in tokens_out finish error)}], [1, $want, 2, $size / 5,
                'stop', ''], "a reply of $size bytes comes back$wire"
            or diag explain $r->{log};
    }
}

$direct->close;

for my $cut ('cut=2000000', 'rst=1500000', 'cut=2000000,framing=chunked',
    'cut=2000000,framing=close', 'framing=shortlength', 'framing=badchunk')
{
    my $r = $e->chat(raw => question(200, mock => "size=3000000,$cut"));

    is_deeply [@{ $r->{log} }{qw(status error)}], [200, 'cut'],
        "a large reply with $cut is cut";
    is $r->{complete}, 0, 'for the client, too';
    unlike $r->{body}, qr/upstream_error/, 'with nothing added';
}

my $broken = encode_base64('{"a":"' . 'x' x 1_200_000 . '"} {', '');
my $r = $e->chat(raw => question(200, mock => "body=$broken"));
is_deeply [$r->{log}{error}, $r->{complete}], ['cut', 0],
    'one that is not JSON in the end is cut';

for my $size (100, 8192, 100_000, 3_000_000) {
    for my $wire ('', ',framing=chunked', ',framing=close') {
        $r = $e->chat(path => '/v1/audio/speech', model => 'a/m',
            input => 'x', mock => "size=$size$wire");
        is_deeply [$r->{status}, $r->{complete}, sha256_hex($r->{body})],
            [200, 1, sha256_hex("\xff" x $size)],
            "$size bytes of sound come back$wire";
    }

    $r = $e->chat(path => '/v1/audio/speech', model => 'a/m', input => 'x',
        mock => "size=$size,cut=50");
    is_deeply [$r->{complete}, $r->{log}{error}], [0, 'cut'],
        'and are cut where they were';
}

$e->done;


# The bytes of a file are nobody's reply, whatever type it has.

my $lines = qq({"a":1}\n{"b":2}\n);
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1');
my $files = AIGateway::Engine->new(vars => { SERVER => $server->sockport },
    http => 'ai_provider a { type openai;'
        . ' url http://127.0.0.1:%%SERVER%%/v1; }');
my $c = $files->client;

$c->write(($files->request(method => 'GET',
    path => '/v1/files/file-1/content'))[0]);

my $s = $server->accept;

sysread $s, my $request, 4096;
syswrite $s, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    . 'Content-Length: ' . length($lines) . "\r\n\r\n$lines";
$r = $c->response;
is_deeply [$r->{status}, $r->{body}], [200, $lines],
    'a file of JSON lines comes back';
$_->close for $c, $s, $server;
$files->done(name => 'a clean ending there');
done_testing;
