#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A provider may send any bytes: what is no reply is a fault, and another
# provider answers; whatever it is, the client gets whole HTTP, and the next
# client gets its own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 qw(encode_base64 decode_base64);
use Test::More;

use AIGateway::Engine;

# A provider that sends what the question says. Each of the pieces goes out
# on its own.
my $server = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1');
my $child = fork // die "fork: $!";

if ($child == 0) {
    serve();
    POSIX::_exit(0);
}

sub serve {
    $SIG{PIPE} = 'IGNORE';
    my $parent = getppid;

    while (getppid == $parent) {
        next if !IO::Select->new($server)->can_read(1);

        my $c = $server->accept or next;
        my $in = '';

        while (sysread $c, $in, 65536, length $in) {
            next if $in !~ /^Content-Length: (\d+)\r\n.*?\r\n\r\n(.*)/ms
                || length $2 < $1;

            for my $piece (@{ decode_json($2)->{raw} }) {
                syswrite $c, decode_base64($piece);
                select undef, undef, undef, 0.002;
            }
            last;
        }
        close $c;
    }
}


my $e = AIGateway::Engine->new(vars => { RAW => $server->sockport },
    http => <<'END');
ai_provider raw {
    type openai; url http://127.0.0.1:%%RAW%%/v1; key env:KEY;
    timeout first_token=2s idle=2s total=2s;
}
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_model m { target raw m; fallback b m; retry 1; }
END

$server->close;


sub ask {
    my ($stream, @pieces) = @_;

    return $e->chat(model => 'm', stream => $stream,
        raw => JSON::PP->new->canonical->encode({
            model => 'm', stream => $stream ? JSON::PP::true : JSON::PP::false,
            messages => [{ role => 'user', content => 'hi' }],
            raw => [map { encode_base64($_, '') } @pieces] }));
}


my $ok = '{"choices":[{"message":{"content":"raw"},"finish_reason":"stop"}]}';
my $n = length $ok;
my $json = "Content-Type: application/json\r\n";
my $sse = 'data: {"choices":[{"delta":{"content":"raw"},"finish_reason":'
    . "\"stop\"}]}\n\ndata: [DONE]\n\n";
my $events = "Content-Type: text/event-stream\r\n";


sub chunked {
    my ($body, $size) = @_;

    return join('', map { sprintf "%x\r\n%s\r\n", length, $_ }
        $body =~ /(.{1,$size})/gs) . "0\r\n\r\n";
}


# What is good, if odd.

for (['a plain one', "HTTP/1.1 200 OK\r\n${json}Content-Length: $n\r\n\r\n$ok"],
    ['no reason', "HTTP/1.1 200\r\n${json}Content-Length: $n\r\n\r\n$ok"],
    ['HTTP/1.0', "HTTP/1.0 200 OK\r\n$json\r\n$ok"],
    ['lines that end in LF', "HTTP/1.1 200 OK\nContent-Length: $n\n\n$ok"],
    ['many informational replies', "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
        x 200 . "HTTP/1.1 200 OK\r\nContent-Length: $n\r\n\r\n$ok"],
    ['one with a length', "HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\n"
        . "HTTP/1.1 200 OK\r\nContent-Length: $n\r\n\r\n$ok"],
    ['chunks with extensions', "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked"
        . "\r\n\r\n" . sprintf('%x;a=b;c', $n) . "\r\n$ok\r\n0\r\n\r\n"],
    ['chunks with a trailer', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
        . "\r\n\r\n" . sprintf('%x', $n) . "\r\n$ok\r\n0\r\nX: y\r\n\r\n"],
    ['a large head', "HTTP/1.1 200 OK\r\nX: " . 'x' x 7000 . "\r\n"
        . "Content-Length: $n\r\n\r\n$ok"],
    ['spaces around', "HTTP/1.1 200 OK\r\nContent-Length:   $n  \r\n\r\n$ok"],
    ['other headers', "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nLocation: http://"
        . "x/\r\nX-Accel-Redirect: /x\r\nX-Accel-Limit-Rate: 1\r\nStatus: 500"
        . "\r\nConnection: keep-alive\r\nContent-Length: $n\r\n\r\n$ok"])
{
    my ($name, $bytes) = @$_;

    for my $split (0, 1) {
        my $r = ask(0, $split ? $bytes =~ /(.{1,23})/gs : $bytes);

        is_deeply [@$r{qw(status body complete)}, $r->{header}{
            'x-ai-provider'}], [200, $ok, 1, 'raw'], "$name is a reply"
            or diag $r->{raw};
        is_deeply [grep { /^(?:set-cookie|location|x-accel|status|x$)/ }
            keys %{ $r->{header} }], [], 'of which the headers do not pass';
    }
}

for my $size (1, 7, 1000) {
    for my $split (0, 1) {
        my $bytes = "HTTP/1.1 200 OK\r\n${events}Transfer-Encoding: chunked"
            . "\r\n\r\n" . chunked($sse, $size);
        my $r = ask(1, $split ? $bytes =~ /(.{1,31})/gs : $bytes);

        is_deeply [@$r{qw(status body complete)}], [200, $sse, 1],
            "chunks of $size bytes are a stream";
    }
}


my $untyped = ask(1, "HTTP/1.1 200 OK\r\n\r\n$sse");

is_deeply [@$untyped{qw(status body)}, $untyped->{header}{'content-type'}],
    [200, $sse, 'text/event-stream'], 'events without a type get theirs';


# What is none: name, bytes, and what they are for a stream.

my $head = "HTTP/1.1 200 OK\r\n";
my @bad = (
    ['nothing but a body', $ok],
    ['another protocol', "ICY 200 OK\r\n\r\n"],
    ['HTTP/2', "HTTP/2 200\r\nContent-Length: $n\r\n\r\n$ok"],
    map({ ["the status $_", "HTTP/1.1 $_ X\r\nContent-Length: $n\r\n\r\n$ok"] }
        '000', '20', '2000', '099', '600', '999', '-20', 'abc', ''),
    ['switching protocols', "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n$ok"],
    map({ ["the length '$_'", "${head}Content-Length: $_\r\n\r\n$ok"] }
        '-1', "+$n", '0x46', "$n, $n", "$n $n", '9' x 20, '1e2', ''),
    ['two lengths', "${head}Content-Length: $n\r\nContent-Length: $n\r\n\r\n"
        . $ok],
    map({ ["the encoding '$_'", "${head}Transfer-Encoding: $_\r\n\r\n"
        . chunked($ok, 99)] } 'gzip', 'chunked, gzip', 'gzip, chunked',
        'identity', 'chunkedx', 'xchunked', ''),
    ['two encodings', "${head}Transfer-Encoding: chunked\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n" . chunked($ok, 99)],
    ['both', "${head}Content-Length: $n\r\nTransfer-Encoding: chunked\r\n\r\n"
        . chunked($ok, 99)],
    map({ ["the chunk size '$_'", "${head}Transfer-Encoding: chunked\r\n\r\n"
        . "$_\r\n$ok\r\n0\r\n\r\n"] } 'g', '-1', '0x46', 'f' x 20, '8' x 16,
        '7fffffffffffffff', ' ', ''),
    ['a chunk without its end', "${head}Transfer-Encoding: chunked\r\n\r\n"
        . sprintf("%x\r\n%sX\r\n0\r\n\r\n", $n, $ok)],
    ['no last chunk', "${head}Transfer-Encoding: chunked\r\n\r\n"
        . sprintf("%x\r\n%s\r\n", $n, $ok)],
    ['a header without a name', "${head}: x\r\nContent-Length: $n\r\n\r\n$ok"],
    ['a NUL in a header', "${head}X: a\0b\r\nContent-Length: $n\r\n\r\n$ok"],
    ['a head too large', "${head}X: " . 'x' x 9000 . "\r\n"
        . "Content-Length: $n\r\n\r\n$ok"],
    ['a head without end', $head . "X: y\r\n" x 9000],
);

for my $bad (@bad) {
    my ($name, $bytes) = @$bad;

    for my $stream (0, 1) {
        my $b = $stream ? $bytes =~ s/\Q$ok\E/substr $sse . ' ' x 99, 0, $n/er
            : $bytes;
        my $r = ask($stream, $b);

        is_deeply [@$r{qw(status complete)}, $r->{header}{'x-ai-provider'}],
            [200, 1, 'b'], "$name is none" . ($stream ? ', streamed' : '')
            or diag $r->{raw};
    }
}


# Anything: good replies with bytes changed, lost, doubled.

srand 20261120;

my @good = ("${head}${json}Content-Length: $n\r\n\r\n$ok",
    "${head}${json}Transfer-Encoding: chunked\r\n\r\n" . chunked($ok, 20),
    "${head}${events}Transfer-Encoding: chunked\r\n\r\n" . chunked($sse, 30),
    "${head}$events\r\n$sse", "HTTP/1.1 429 X\r\n${json}Retry-After: 1\r\n"
        . "Content-Length: 30\r\n\r\n" . '{"error":{"message":"a\\u00e9"}}');
my @wrong;

for my $round (1 .. 400) {
    my $bytes = $good[rand @good];

    for (1 .. 1 + rand 3) {
        my $at = int rand length $bytes;
        my $what = int rand 5;

        substr $bytes, $at, 1, chr int rand 256 if $what == 0;
        substr $bytes, $at, 1 + rand 9, '' if $what == 1;
        substr $bytes, $at, 0, substr $bytes, $at, 9 if $what == 2;
        substr $bytes, $at, 0, "\r\n" if $what == 3;
        $bytes = substr $bytes, 0, $at + 1 if $what == 4;
    }

    my $at = int rand length $bytes;
    my $r = ask($round % 2, substr($bytes, 0, $at), substr $bytes, $at);

    # a stream may be cut, and an error may be a provider's own
    push @wrong, [$bytes, $r->{raw}] if !$r->{status} || ($r->{complete}
        ? !$r->{json} && $r->{header}{'content-type'} !~ /^text\/event-stream/
        : $r->{log}{error} ne 'cut' || $r->{header}{'content-length'});
}

is_deeply \@wrong, [], 'replies with faults at random leave no client alone';

my $r = $e->chat(model => 'b/m');
is $r->{status}, 200, 'nor the gateway';

kill 'TERM', $child;
waitpid $child, 0;
$e->done;
done_testing;
