#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# HTTP that is odd, over-long or hostile: a 4xx in the gateway's words, or the
# same answer as for the plain form.

use strict;
use warnings;

use Compress::Zlib ();
use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $up = 'http://127.0.0.1:' . $mock->port . '/v1';
my $key = canary('a client key', 'sk-client-');
my $port = free_port();

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
server {
    listen 127.0.0.1:$port;
    ai_keys keys.json;
    client_max_body_size 100k;
    client_body_buffer_size 16k;
    client_body_timeout 1s;
    client_header_timeout 1s;
    location / { ai_gateway on; }
}
END

write_keys("$n->{dir}/keys.json", { key => $key });
$n->start;


sub raw {
    my ($bytes, $timeout) = @_;
    my $c = AIGateway::Client->new(port => $port);

    $c->write($bytes);
    my $r = $c->response($timeout // 5);
    $c->close;
    return $r;
}


sub post {
    my ($body, @headers) = @_;
    my $r = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Api-Key: $key"
        . "\r\nContent-Type: application/json\r\nConnection: close\r\n";

    while (my ($name, $value) = splice @headers, 0, 2) {
        $r .= "$name: $value\r\n";
    }

    return "$r\r\n$body";
}


sub chunked { return join('', map { sprintf "%x\r\n%s\r\n", length, $_ } @_)
    . "0\r\n\r\n" }


my $body = chat_body();
my $length = length $body;
my @chunked = ('Transfer-Encoding' => 'chunked');

# framing

is_error(raw(post($body, 'Content-Length' => $length, @chunked)), 400, '',
    'both Content-Length and Transfer-Encoding');
is_error(raw(post(chunked($body), @chunked, 'Content-Length' => $length)), 400,
    '', 'the other way round');
is_error(raw(post($body, 'Content-Length' => $length, 'Content-Length' =>
    $length + 1)), 400, '', 'two lengths');
is_error(raw(post($body, 'Content-Length' => $_)), 400, '', "a length of $_")
    for '-1', 'x', '1e3', '0x10', '99999999999999999999', '';
is_error(raw(post($body, 'Transfer-Encoding' => $_)), 501, '',
    "Transfer-Encoding: $_") for 'gzip', 'gzip, chunked', 'identity', 'x';
is_error(raw(post($_->[1], @chunked)), 400, '', "chunks: $_->[0]") for
    ['no number', "x\r\n"], ['a number too long', 'f' x 20 . "\r\n"],
    ['no end of a chunk', "1\r\nab\r\n0\r\n\r\n"], ['negative', "-1\r\n"];

# the same body, however it comes

my @same = (['with a length', post($body, 'Content-Length' => $length)],
    ['in a chunk', post(chunked($body), @chunked)],
    ['in chunks of a byte', post(chunked(split //, $body), @chunked)],
    ['with extensions and trailers', post(sprintf("%x;a=b\r\n%s\r\n0;c\r\n",
        $length, $body) . "X-Api-Key: no\r\n\r\n", @chunked)],
    ['in a file', post(chat_body({ user => 'x' x 50_000 }),
        'Content-Length' => length chat_body({ user => 'x' x 50_000 }))],
    ['in chunks and a file', post(chunked(unpack '(a1000)*',
        chat_body({ user => 'x' x 50_000 })), @chunked)]);

for (@same) {
    my ($name, $bytes) = @$_;
    my ($first) = raw($bytes)->{body} =~ /"content":"([^"]*)"/;

    is $first, 'Hello from the mock provider. You said: Say this is a test',
        "a body $name";
}

$mock->idle;
my @j = $mock->journal;
is scalar(keys %{{ map { $_->{sha256} => 1 } @j[0 .. 3] }}), 1,
    'is the same to the provider';
is $j[4]{sha256}, $j[5]{sha256}, 'in a file too';
is scalar(grep { $_->{framing} ne 'length' } @j), 0, 'always with its length';

my $c = AIGateway::Client->new(port => $port);
ok $c->trickle(post($body, 'Content-Length' => $length), 1, 0),
    'byte by byte';
is $c->response->{status}, 200, 'it is an answer all the same';
$c->close;
$mock->idle;
$mock->reset;

# over-long

is_error(raw(post('x' x 200_000, 'Content-Length' => 200_000)), 413, '',
    'a body that is too long');
is_error(raw(post('', 'Content-Length' => 200_000)), 413, '',
    'before it has come');
is_error(raw(post(chunked(('x' x 10_000) x 20), @chunked)), 413, '',
    'in chunks as well');
is_error(raw('GET /v1/' . 'x' x 40_000 . " HTTP/1.1\r\nHost: x\r\n\r\n"), 414,
    '', 'a URL that is too long');
is_error(raw("GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Api-Key: "
    . 'x' x 40_000 . "\r\n\r\n"), 400, '', 'a header that is too long');
is_error(raw("GET /v1/models HTTP/1.1\r\nHost: x\r\n"
    . join('', map { "X-$_: " . 'x' x 1000 . "\r\n" } 1 .. 100) . "\r\n"), 400,
    '', 'too many of them');
is raw("GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Api-Key: $key\r\n"
    . join('', map { "X-$_: x\r\n" } 1 .. 500) . "\r\n")->{status}, 200,
    'many small ones are not';

# slow

my $r = raw(substr(post($body, 'Content-Length' => $length), 0, -10), 3);
is $r->{status}, 0, 'who does not send the rest is not waited for';
is $r->{end}, 'fin', 'nor answered';

# lines that are none

is_error(raw($_->[1]), 400, '', $_->[0]) for
    ['no Host', "GET /v1/models HTTP/1.1\r\nX: y\r\n\r\n"],
    ['two Hosts', "GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ['a bad Host', "GET /v1/models HTTP/1.1\r\nHost: a/b\r\n\r\n"],
    ['a NUL in a header', "GET /v1/models HTTP/1.1\r\nHost: a\r\nX: \0\r\n"
        . "\r\n"],
    ['a version that is none', "GET /v1/models HTTP/1.x\r\nHost: a\r\n\r\n"],
    ['a method that is none', "gE\@T /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"];
is_error(raw("GET /v1/models HTTP/2.1\r\nHost: a\r\n\r\n"), 505, '',
    'a version that is not spoken');

# bodies that can't be looked into

my $zip = Compress::Zlib::memGzip($body);

is_error(raw(post($zip, 'Content-Length' => length $zip,
    'Content-Encoding' => $_)), 415, '', "Content-Encoding: $_")
    for qw(gzip br zstd deflate x-gzip GZIP), 'identity, gzip', 'gzip, identity';
is raw(post($body, 'Content-Length' => $length, 'Content-Encoding' =>
    'identity'))->{status}, 200, 'Content-Encoding: identity';

for ('text/plain', 'application/xml', 'application/jsonx', 'text/json', 'x',
    'multipart/form-data; boundary=x', 'application/octet-stream', '*/*')
{
    my $bytes = post($body, 'Content-Length' => $length);
    $bytes =~ s/application\/json/$_/;
    is_error(raw($bytes), 415, '', "Content-Type: $_");
}

for ('application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8',
    'application/json;charset=x', 'application/x-www-form-urlencoded')
{
    my $bytes = post($body, 'Content-Length' => $length);
    $bytes =~ s/application\/json/$_/;
    is raw($bytes)->{status}, 200, "Content-Type: $_";
}

is raw(post($body, 'Content-Length' => $length)
    =~ s/^Content-Type: .*?\r\n//mr)->{status}, 200, 'no Content-Type';

$mock->idle;
is scalar(grep { $_->{method} ne 'GET' && $_->{sha256} ne $j[0]{sha256} }
    $mock->journal), 0, 'the provider heard of what was right only';

unlike $n->log, qr/Say this is a test/, 'no body is in the log';
ends_clean($n);
$mock->stop;

done_testing;
