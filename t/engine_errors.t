#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What the client is told when no provider has an answer: one JSON error in
# its own dialect, of a status that fits, with nothing in it that is secret.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64 qw(encode_base64);
use Test::More;

use AIGateway::Engine;

my $e = AIGateway::Engine->new(http => <<'END');
ai_reply_size 64k;
ai_provider a { type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY; }
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider dead { type openai; url http://127.0.0.1:%%DEAD%%/v1; }
ai_model ab { target a model-a; fallback b model-b; retry 3 backoff=1ms; }
ai_model dd { target dead d1; fallback dead d2; retry 1 backoff=1ms; }
END

my $bad = sub { 'body=' . encode_base64($_[0], '') };


sub code { my ($r) = @_; return $r->{json}{error}{code} // '-' }


# name, recipe, what the client gets: status, code, message

for (['an error of the server', 'status=500', 500, '-',
        qr/^mock: status 500/],
    ['an overload', 'status=529', 529, 'overloaded', qr/^mock: status 529/],
    ['a limit', 'status=429', 429, 'rate_limit_exceeded', qr/^mock: status/],
    ['a gateway time-out', 'status=504', 504, '-', qr/^mock: status/],
    ['a page that says 503', 'status=503,html', 503, 'unavailable',
        qr/^The provider "b" answered with status 503\.$/],
    ['a status that nginx does not know', 'status=530,empty', 530, '-',
        qr/^The provider "b" answered with status 530\.$/],
    ['no body', 'status=500,empty', 500, '-', qr/^The provider "b" answered/],
    ['a page that says 429', 'status=429,html', 429, 'rate_limit_exceeded',
        qr/^The provider "b" answered with status 429\.$/],
    ['a page that says 408', 'status=408,html', 504, 'upstream_timeout',
        qr/^The provider "b" did not answer in time\./],
    ['broken JSON', $bad->('{'), 502, 'upstream_error',
        qr/^The provider "b" did not answer properly\./],
    ['a redirect', 'redirect=http://127.0.0.1:1/', 502, 'upstream_error',
        qr/^The provider "b" did not answer properly\./],
    ['an error within a 200', $bad->('{"error":{"message":"no"}}'), 502,
        'upstream_error', qr/did not answer properly/],
    ['a connection closed', 'cut=w0,seq=x', 502, 'upstream_error',
        qr/^The provider "b" can't be reached\./],
    ['half an answer', 'cut=30', 502, 'upstream_error',
        qr/did not answer properly/],
    ['half an error', 'status=500,cut=30', 500, '-',
        qr/^The provider "b" answered with status 500\.$/],
    (map { ["status $_", "status=$_", 502, 'provider_auth',
        qr/^The provider "b" does not accept the gateway's key\./] }
        401, 402, 403),
) {
    my ($name, $recipe, $status, $code, $message) = @$_;

    for my $stream (0, 1) {
        my $what = $name . ($stream ? ', streamed' : '');
        my $r;

        # a kept connection that ends would be an attempt more
        $e->chat(model => "$_/x", mock => 'close') for 'a', 'b';
        $r = $e->chat(model => 'ab', stream => $stream, mock => $recipe);

        ok $r->{complete}, "$what: a whole reply";
        is_deeply [$r->{status}, code($r)], [$status, $code],
            "$what: of the right status" or diag $r->{body};
        like AIGateway::Engine::error_of($r) // '', $message,
            "$what: is in OpenAI's shape" or diag $r->{body};
        ok $r->{log}{attempts} >= 2 && $r->{log}{status} == $status,
            "$what: after both were asked" or diag explain $r->{log};
        isnt $r->{log}{error}, '', "$what: the log says what";
    }
}

my $r = $e->chat(model => 'dd');
is_deeply [$r->{status}, code($r), $r->{log}{attempts}, $r->{log}{codes}],
    [502, 'upstream_error', 2, '502, 502'], 'nobody listens: 502';
like AIGateway::Engine::error_of($r), qr/^The provider "dead" can't be/,
    'and who it was';


# What is the client's own fault goes to the client as the provider put it.

my $said = '{"error" : {"message":"\u00fc no \"x\"", "type":"t",'
    . '"extra":[1.0]},"x":1}';

for my $status (400, 404, 405, 409, 413, 415, 418, 422, 451, 499) {
    for my $stream (0, 1) {
        my $s = $stream ? ', streamed' : '';

        $r = $e->chat(model => 'ab', stream => $stream,
            mock => "status=$status,header=Set-Cookie:a=b," . $bad->($said));
        is_deeply [$r->{status}, $r->{body}], [$status, $said],
            "$status goes through as it is$s";
        is_deeply [$r->{log}{attempts}, $r->{log}{error}],
            [1, 'provider_error'], "and nobody else is asked$s";
        ok !exists $r->{header}{'set-cookie'}
            && $r->{header}{'content-type'} eq 'application/json',
            "its headers do not$s";
    }
}

for (['detail', '{"detail":"no \u00fc, \"x\""}', ": no \xfc, \"x\""],
    ['an error that is a text', '{"error":"too \\\\ long"}', ': too \\ long'],
    ['a bare message', '{"message":"nope","type":"x"}', ': nope'],
    ['a list of details', '{"detail":[{"msg":"nope"}]}', ': nope'],
    ['an error without a message', '{"error":{"code":1}}', '.'],
    ['a message that is no text', '{"error":{"message":{"a":1}}}', '.'],
    ['an array', '["nope"]', '.'],
    ['plain text', 'nope', '.'],
    ['text that is not UTF-8', qq({"detail":"\xff"}), '.'],
    ['a very long one', '{"detail":"' . ('x' x 6000) . '"}', qr/^: x+$/],
    ['nothing', '', '.'])
{
    my ($name, $body, $words) = @$_;

    for my $status (400, 404, 422, 451) {
        $r = $e->chat(model => 'ab', mock => "status=$status," . $bad->($body));
        my $message = AIGateway::Engine::error_of($r) // 'no error';
        my $start = "The provider \"a\" answered with status $status";

        is $r->{status}, $status, "$name, $status: the status is kept";
        is_deeply [substr($message, 0, length $start), $r->{log}{attempts}],
            [$start, 1], "$name, $status: in our envelope";
        like substr($message, length $start),
            ref $words ? $words : qr/^\Q$words\E$/,
            "$name, $status: with the provider's words, if any";
    }
}

for my $status (444, 494, 495, 496, 497, 499) {
    $r = $e->chat(model => 'ab', mock => "status=$status,html");
    ok AIGateway::Engine::error_of($r), "$status: a status that nginx has a "
        . 'meaning of its own for is told';
}

for (['too long to be held', $bad->('{"error":{"message":"' . ('x' x 300000)
        . '"}}'), ''], ['encoded', 'gzip', ''])
{
    my ($name, $recipe) = @$_;

    $r = $e->chat(model => 'ab',
        mock => "status=400,$recipe");
    is_deeply [$r->{status}, $r->{log}{attempts}, $r->{log}{codes}],
        [400, 1, 400], "an error $name keeps its status";
    ok AIGateway::Engine::error_of($r), 'and gets our words';
}


# Errors that repeat the key they were sent.

for (['as a refusal', "status=401," . $bad->(qq({"error":{"message":)
        . qq("Incorrect API key provided: $e->{key}"}})), 502],
    ['as the client\'s fault', "status=400," . $bad->(qq({"error":{"message":)
        . qq("No model for $e->{key}"}})), 400],
    ['in a foreign shape', "status=422," . $bad->(
        qq({"detail":"No model for $e->{key}"})), 422],
    ['in a 200', $bad->(qq({"error":{"message":"Bad $e->{key}"}})), 502])
{
    my ($name, $recipe, $status) = @$_;

    for my $stream (0, 1) {
        $r = $e->chat(model => 'a/m', stream => $stream, mock => $recipe);
        is $r->{status}, $status, "an error with the key in it, $name: $status";
        is index($r->{raw}, $e->{key}), -1, 'does not show it';
        ok AIGateway::Engine::error_of($r), 'and is an error still';
    }
}

$e->done;
done_testing;
