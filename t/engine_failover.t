#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What one provider does wrong before the client has got a byte, another one
# makes good: the client sees one answer, the log sees both attempts.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64 qw(encode_base64);
use Test::More;

use AIGateway::Engine;

my $e = AIGateway::Engine->new(http => <<'END');
ai_provider a { type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY; }
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider dead { type openai; url http://127.0.0.1:%%DEAD%%/v1; }
ai_model ab { target a model-a; fallback b model-b; retry 3; }
ai_model ba { target dead model-d; fallback b model-b; retry 3; }
END

my $bad = sub { 'body=' . encode_base64($_[0], '') };
my $error = '{"error":{"message":"later","type":"server_error"}}';

# name, what the first provider does, the fault, its status in the log,
# 's' for streams only, 'w' for whole replies only
my @faults = (
    (map { ["status $_", "status=$_", '5xx', $_] } 500, 502, 503, 504, 529),
    ['status 429', 'status=429', '429', 429],
    ['status 408', 'status=408', 'timeout', 408],
    ['a connection closed before the reply', 'cut=w0', 'connect', 502],
    ['a connection reset before the reply', 'rst=w0', 'connect', 502],
    ['an end in the head', 'eofhead', 'connect', 502],
    ['an end behind the head', 'cut=0', 'bad_body', 200],
    ['an end in the body', 'cut=40', 'bad_body', 200],
    ['a reset in the body', 'rst=40', 'bad_body', 200],
    ['an end in a body that has no length', 'cut=40,framing=close', 'bad_body',
        200],
    ['a body that is not JSON', $bad->('{"choices":[}'), 'bad_body', 200],
    ['text behind the JSON', $bad->('{"choices":[]} x'), 'bad_body', 200],
    ['JSON that is no object', $bad->('[]'), 'bad_body', 200],
    ['bytes that are not UTF-8', $bad->(qq({"a":"\xff"})), 'bad_body', 200],
    ['an HTML page', 'html', 'bad_body', 200],
    ['an empty body', 'empty', 'bad_body', 200],
    ['no content', 'status=204', 'bad_body', 204],
    ['200 with an error in it', $bad->($error), 'bad_body', 200],
    ['an encoded body', 'gzip', 'bad_body', 200],
    ['a redirect', 'redirect=http://127.0.0.1:1/', 'bad_body', 307],
    ['a bad chunk', 'framing=badchunk', 'bad_body', 200],
    ['a body shorter than its length', 'framing=shortlength', 'bad_body', 200,
        'w'],
    ['both length and chunks', 'framing=chunked,header=Content-Length:9',
        'bad_body', 502],
    ['two lengths', 'header=Content-Length:9', 'bad_body', 502, 'w'],
    ['an unknown transfer encoding',
        'framing=close,header=Transfer-Encoding:gzip', 'bad_body', 502],
    ['events where none were asked for', 'ctype=text/event-stream,'
        . $bad->("data: {}\n\ndata: [DONE]\n\n"), 'bad_body', 200, 'w'],
    ['a whole reply where events were asked for', $bad->('{"choices":[]}'),
        'bad_body', 200, 's'],
    ['an error as the first event', 'errevent=first', 'bad_body', 200, 's'],
    ['an error behind pings', 'pings=3,errevent=first', 'bad_body', 200, 's'],
    ['a first event that is not JSON', 'ctype=text/event-stream,'
        . $bad->("data: oops\n\n"), 'bad_body', 200, 's'],
    ['a stream of pings only', 'ctype=text/event-stream,'
        . $bad->(": ping\n\n" x 9), 'bad_body', 200, 's'],
);

for my $fault (@faults) {
    my ($name, $recipe, $reason, $code, $only) = @$fault;

    for my $stream (0, 1) {
        next if ($only // '') eq ($stream ? 'w' : 's');

        my $what = $name . ($stream ? ', streamed' : '');

        # a kept connection that ends has not failed
        $e->chat(model => "a/x", mock => "close");

        my $r = $e->chat(model => 'ab', stream => $stream,
            mock => "$recipe|status=200");

        is_deeply [$r->{status}, $r->{complete}, $r->{header}{'x-ai-provider'},
            $r->{header}{'x-ai-model'}, $r->{header}{'x-ai-fallback'}],
            [200, 1, 'b', 'model-b', "a/model-a; $reason"],
            "$what: the client gets the answer of the next provider"
            or diag explain [$r->{status}, $r->{header}, $r->{body}];
        like $stream ? AIGateway::Engine::text($r->{body}) . $r->{body}
            : $r->{body}, qr/Hello from the mock provider.*hi there/s,
            "$what: the whole of it";
        is_deeply [@{ $r->{log} }{qw(attempts fallback_reason error provider
            target_model status)}, $e->addrs($r), $r->{log}{codes}],
            [2, $reason, '', 'b', 'model-b', 200, 'A, B', "$code, 200"],
            "$what: the log has both attempts" or diag explain $r->{log};
        is_deeply [map { $_->{model} } @{ $r->{seen} }],
            ['model-a', 'model-b'], "$what: each is asked for its own model";
    }
}


for my $stream (0, 1) {
    my $s = $stream ? ', streamed' : '';
    my $r = $e->chat(model => 'ba', stream => $stream);

    is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}, $e->addrs($r),
        $r->{log}{codes}], [200, 'dead/model-d; connect', 'DEAD, B',
        '502, 200'], "nobody listens: the next provider answers$s";

    $r = $e->chat(model => 'ab', stream => $stream, mock => '1xx=3');
    is_deeply [$r->{status}, $r->{log}{attempts}, $e->addrs($r)],
        [200, 1, 'A'], "informational replies pass by$s";

    # what is behind the end must not become the next answer
    $r = $e->chat(model => 'ab', stream => $stream,
        mock => 'framing=longlength');
    is_deeply [$r->{status}, $r->{log}{attempts}], [200, 1],
        "bytes behind the end are no fault$s";
    my $next = $e->chat(model => 'ab', stream => $stream, mock => 'seq=next');
    like $next->{body}, qr/Hello/, "and do not reach the next client$s";
    isnt $next->{seen}[0]{conn}, $r->{seen}[0]{conn},
        "as their connection is not used again$s";
}

# nothing of a failed attempt is left in the next one
my $told = '{"usage":{"prompt_tokens":7,"completion_tokens":9},"error":"x",'
    . '"choices":[{"finish_reason":"length"}]}';
my $r = $e->chat(model => 'ab', mock => $bad->($told) . '|usage=none');
is_deeply [@{ $r->{log} }{qw(attempts tokens_in tokens_out finish)}],
    [2, '', '', 'stop'], 'usage that a failed attempt reports is not counted';

# the next request may be there already
{
    my $c = $e->client;
    my @asks = map { [$e->request(model => 'ab', stream => $_ % 2,
        mock => "delay=20,status=529,seq=$_|status=200")] } 1 .. 6;

    $c->write(join '', map { $_->[0] } @asks);
    is_deeply [map { my $r = $c->response; [@$r{qw(status complete)},
        $r->{body} =~ /Hello/ ? 1 : 0] } @asks], [([200, 1, 1]) x 6],
        'requests that come together are answered one by one';
    $c->close;
}

$e->done;
done_testing;
