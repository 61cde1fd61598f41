#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A stream reaches the client byte for byte as its provider meant it, however
# it was cut into pieces on the way, and without the usage that only the
# gateway had asked for.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;

use AIGateway::Engine;

my $e = AIGateway::Engine->new(http => <<'END');
ai_provider a { type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY; }
END

my %usage = (stream_options => { include_usage => JSON::PP::true });
my $c = AIGateway::Client->new(port => $e->{mock}->port(0));


# What the provider says to the same question without a gateway.
sub direct {
    my (%opt) = @_;
    my ($bytes) = $e->request(%opt, model => 'm');

    $c->write($bytes);
    return $c->response->{body};
}


sub tokens { return join ' ', map { $_ // '-' } @{ $_[0]{log} }{qw(tokens_in
    tokens_cached tokens_out tokens_reasoning chunks finish error)} }


# name, the question, its recipe; "at once" and chunked is what all others
# are compared with

my @say = (messages => [{ role => 'user',
    content => "gr\x{fc}\x{df} \x{1f600}\x{4e16}\x{754c} caf\x{e9}" }]);
my @tools = (tools => [{ type => 'function', function => { name => 'f',
    parameters => { type => 'object', properties => { a => {
    type => 'string' }, b => { type => 'integer' } } } } }]);
my @streams = (
    ['a chat', 'events=5', 1, @say],
    ['UTF-8', '', 1, @say],
    ['three choices', 'events=4', 0, n => 3],
    ['a tool call', '', 0, @tools],
    ['pings', 'pings=3,events=3', 0],
    ['CRLF', 'crlf,events=3', 1],
    ['CRLF and pings', 'crlf,pings=2,events=2', 0],
    ['no [DONE]', 'nodone,events=3', 0],
    ['events larger than the window', 'size=20000,events=2', 0],
    ['an event much larger', 'size=30000,events=1', 0],
    ['many events', 'events=100', 0],
    ['completions', 'events=4', 1, path => '/v1/completions', prompt => 'x'],
    ['responses', 'events=4', 1, path => '/v1/responses', input => 'x'],
    ['large responses', 'size=20000,events=2', 0, path => '/v1/responses',
        input => 'x'],
);

for my $stream (@streams) {
    my ($name, $recipe, $fine, @ask) = @$stream;

    for my $shown (0, 1) {
        my @q = (@ask, stream => 1, model => 'a/m', $shown ? %usage : ());
        my $want = direct(@q, mock => $recipe);
        my $what = "$name, usage " . ($shown ? 'shown' : 'hidden');
        my (%wrong, %log);

        ok length $want > 100 && ($recipe =~ /nodone/
            || $want =~ /(?:\[DONE\]|response\.completed)/),
            "$what: there is a stream";

        for my $wire ('framing=chunked', 'split=event', 'framing=length',
            'framing=length,split=97', 'framing=close', $fine
                ? ('split=1', 'split=random:1', 'split=random:2',
                    'framing=close,split=2') : ('split=89', 'split=997'))
        {
            # a connection that is just closed needs the terminator
            next if "$recipe $wire" =~ /nodone.*close/;

            my $r = $e->chat(@q, mock => join ',', grep { length } $recipe,
                $wire);

            $wrong{$wire} = $r->{body}
                if $r->{body} ne $want || !$r->{complete};
            push @{ $log{tokens($r)} }, $wire;
        }

        is_deeply [sort keys %wrong], [],
            "$what: the bytes are what they are without a gateway"
            or diag differ($want, (sort { length $a <=> length $b }
                values %wrong)[0]);
        is scalar(keys %log), 1, "$what: and the log is the same"
            or diag explain \%log;
    }
}


sub differ {
    my ($want, $got) = @_;
    my $at = 0;

    $at++ while $at < length $want && $at < length $got
        && substr($want, $at, 1) eq substr($got, $at, 1);
    return sprintf "differ at %d of %d/%d: want %s, got %s", $at, length $want,
        length $got, map { JSON::PP->new->allow_nonref->encode(substr $_,
            $at > 20 ? $at - 20 : 0, 200) } $want, $got;
}


# Streams that no provider of ours sends, but some do: any line end, any case.

my $chunk = '{"choices":[{"index":0,"delta":{"content":"x"},'
    . '"finish_reason":null}]%s}';
my $last = '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]%s}';
my @odd = (
    ['CR only', join('', map { "data: $_\r\r" } sprintf($chunk, ''),
        sprintf($last, ''), '[DONE]')],
    ['a BOM', "\xef\xbb\xbfdata: " . sprintf($last, '')
        . "\n\ndata: [DONE]\n\n"],
    ['no space, no blank line at the end', 'data:' . sprintf($chunk, '')
        . "\n\ndata:" . sprintf($last, '') . "\n\ndata:[DONE]"],
    ['names, ids and comments', ": c\nid: 1\nevent: x\ndata: "
        . sprintf($last, '') . "\nretry: 5\n\n: c\n\n\n\ndata: [DONE]\n\n"],
    ['data in two lines', "data: {\"choices\":[{\"index\":0,\ndata: "
        . "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"],
    ['data behind [DONE]', 'data: ' . sprintf($last, '') . "\n\n"
        . "data: [DONE]\n\n: bye\n\n"],
);

for my $odd (@odd) {
    my ($name, $bytes) = @$odd;
    my $base = 'ctype=text/event-stream,body=' . encode_base64($bytes, '');

    for my $wire ('framing=chunked', 'framing=close', 'split=1', 'split=3',
        'split=event', 'split=random:7')
    {
        my $r = $e->chat(model => 'a/m', stream => 1, mock => "$base,$wire");

        is $r->{body}, $bytes, "$name, $wire: the bytes are kept";
        is_deeply [$r->{complete}, $r->{log}{finish}, $r->{log}{error}],
            [1, 'stop', ''], "$name, $wire: and understood";
    }
}

# Usage where it stands among other members, and where it stands alone.

my @places = (
    ['first', '{"usage":null,"choices":[]}', '{"choices":[]}'],
    ['last', '{"choices":[],"usage":null}', '{"choices":[]}'],
    ['between', '{"a":1 , "usage" : null , "choices":[]}',
        '{"a":1  , "choices":[]}'],
    ['alone', '{"usage":null}', '{}'],
    ['within', '{"choices":[{"delta":{"content":"x"},"usage":null}],"usage":'
        . 'null}', '{"choices":[{"delta":{"content":"x"},"usage":null}]}'],
    ['with content', '{"choices":[{"delta":{"content":"x"}}],"usage":'
        . '{"prompt_tokens":7,"completion_tokens":3}}',
        '{"choices":[{"delta":{"content":"x"}}]}'],
);

for my $place (@places) {
    my ($name, $with, $without) = @$place;
    my $done = 'data: ' . sprintf($last, '') . "\n\ndata: [DONE]\n\n";
    my $bytes = "data: $with\n\n$done";
    my $base = 'ctype=text/event-stream,body=' . encode_base64($bytes, '');

    is $e->chat(model => 'a/m', stream => 1, mock => $base)->{body},
        "data: $without\n\n$done", "usage $name is cut out";
    is $e->chat(model => 'a/m', stream => 1, mock => $base, %usage)->{body},
        $bytes, "usage $name stays for those who asked";
}


# What the provider is asked for, and what the client gets of it.

my @options = (
    ['none', '{"model":"a/m","stream":true,"messages":[]}', 0],
    ['{}', '{"stream_options":{},"model":"a/m","stream":true,"messages":[]}',
        0],
    ['{ }', '{"stream_options":{ },"model":"a/m","stream":true,"messages":[]}',
        0],
    ['null', '{"model":"a/m","stream":true,"messages":[],'
        . '"stream_options": null }', 0],
    ['false', '{"model":"a/m","stream":true,"messages":[],'
        . '"stream_options":{"include_usage" : false}}', 0],
    ['usage null', '{"model":"a/m","stream":true,"messages":[],'
        . '"stream_options":{"x":[{}],"include_usage":null,"y":1}}', 0],
    ['others', '{"model":"a/m","stream":true,"messages":[],'
        . '"stream_options":{"include_obfuscation":false}}', 0],
    ['true', '{"model":"a/m","stream":true,"messages":[],'
        . '"stream_options":{"include_usage":true,"x":1}}', 1],
    ['escaped', '{"model":"a/m","stream":true,"messages":[],'
        . '"stream_\u006fptions":{"include_usage":true}}', 1],
);

for my $options (@options) {
    my ($name, $body, $shown) = @$options;

    $body =~ s/"messages":\[\]/"messages":[{"role":"user","content":"hi"}],%s/;

    my $raw = sub { my $b = $body; $b =~ s/%s/"mock":"$_[0]"/; $b };
    my $r = $e->chat(raw => $raw->('events=3'));

    is_deeply [$r->{status}, $r->{complete}, $r->{seen}[0]{usage_sent}],
        [200, 1, JSON::PP::true], "stream_options $name: usage is asked for"
        or diag $r->{body};
    ok(($r->{body} =~ /"usage"/) == $shown, 'the client sees '
        . ($shown ? 'it' : 'none'));
    is $r->{log}{tokens_out}, 3, 'the log does';

    my $echo = $e->chat(raw => $raw->('echo'));
    my $text = AIGateway::Engine::text($echo->{body});
    my $sent = decode_json(decode_json($text)->{body});
    my $asked = decode_json($raw->('echo'));
    my $got = delete $sent->{stream_options};
    my $had = delete $asked->{stream_options} || {};

    is_deeply $got, { %$had, include_usage => JSON::PP::true },
        'other options are kept';
    is_deeply $sent, { %$asked, model => 'm' }, 'and all else';
}

for my $kind (['null', ''], ['none', ''], ['every', 5], ['twice', 5],
    ['zero', 0], ['string', ''], ['neg', ''], ['huge', ''], ['float', ''],
    ['17:23', 23])
{
    my ($usage, $want) = @$kind;
    my $r = $e->chat(model => 'a/m', stream => 1,
        mock => "events=5,usage=$usage");

    unlike $r->{body}, qr/"usage"/, "usage=$usage is not seen";
    is_deeply [$r->{status}, $r->{log}{tokens_out}, AIGateway::Engine::text(
        $r->{body})], [200, $want, 'word1 word2 word3 word4 word5'],
        'and counted where it counts';
}

my $r = $e->chat(model => 'a/m', stream => 1,
    mock => 'events=5,cached=1,reasoning=40,usage=9:45');
is tokens($r), '9 1 45 40 7 stop ', 'all numbers are in the log';

$c->close;
$e->done;
done_testing;
