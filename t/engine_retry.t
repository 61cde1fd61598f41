#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Who is asked again, how often, after how long, and who never is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use AIGateway::Engine;

my $e = AIGateway::Engine->new(http => <<'END');
ai_provider a { type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY; }
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider dead { type openai; url http://127.0.0.1:%%DEAD%%/v1; }
ai_model one { target a model-a; retry 3 backoff=50ms..200ms; }
ai_model slow { target a model-a; retry 1 backoff=10ms..2s; }
ai_model once { target a model-a; retry 0; }
ai_model few { target a model-a; fallback b model-b; retry 3 on=429; }
ai_model ab { target a model-a; fallback b model-b; retry 3 backoff=2s; }
ai_model aa { target a model-1; fallback a model-2; retry 1 backoff=100ms; }
ai_model db { target dead model-d; fallback b model-b; retry 3; }
END


# milliseconds between the arrivals of the requests at the mock
sub gaps {
    my ($r) = @_;
    my @t = sort map { $_->{time} } @{ $r->{seen} };

    return map { $t[$_] - $t[$_ - 1] } 1 .. $#t;
}


sub codes { return join ' ', @{ $_[0]{log} }{qw(status attempts codes)} }


for my $stream (0, 1) {
    my $s = $stream ? ', streamed' : '';
    my $r = $e->chat(model => 'one', stream => $stream,
        mock => 'status=529|status=529|status=200');
    my @gaps = gaps($r);

    is codes($r), '200 3 529, 529, 200', "the same target is asked again$s";
    is $e->addrs($r), 'A, A, A', "and only that$s";
    ok $gaps[0] >= 24 && $gaps[1] >= 49 && $gaps[0] + $gaps[1] < 900,
        "after waits that double (@gaps ms)$s";
    ok !exists $r->{header}{'x-ai-fallback'} && $r->{log}{fallback_reason}
        eq '', "which is no fallback$s";

    $r = $e->chat(model => 'one', stream => $stream, mock => 'status=529');
    is codes($r), '529 4 529, 529, 529, 529', "as often as is said$s";
    like AIGateway::Engine::error_of($r) // '', qr/^mock: status 529/,
        "then the client gets the provider's last word$s";

    $r = $e->chat(model => 'once', stream => $stream, mock => 'status=529');
    is codes($r), '529 1 529', "with retry 0 nobody is asked again$s";

    $r = $e->chat(model => 'few', stream => $stream, mock => 'status=529');
    is codes($r), '529 1 529', "nor for a fault that on= does not name$s";

    $r = $e->chat(model => 'few', stream => $stream,
        mock => 'status=429|status=200');
    is codes($r), '200 2 429, 200', "but for one that it does$s";

    $r = $e->chat(model => 'ab', stream => $stream,
        mock => 'status=529|status=200');
    ok codes($r) eq '200 2 529, 200' && $r->{time} < 0.9,
        "another provider is asked at once$s";

    $r = $e->chat(model => 'aa', stream => $stream,
        mock => 'status=429|status=200');
    ok codes($r) eq '200 2 429, 200' && (gaps($r))[0] >= 49,
        "but not where it is the same one under another model$s";
}


my $r = $e->chat(model => 'slow',
    mock => 'status=429,header=Retry-After:1|status=200');
ok codes($r) eq '200 2 429, 200' && (gaps($r))[0] >= 998,
    'Retry-After is waited for (' . join(' ', gaps($r)) . ' ms)';

$r = $e->chat(model => 'slow', mock => 'status=429,header=Retry-After:1,'
    . 'header=retry-after-ms:150|status=200');
ok codes($r) eq '200 2 429, 200' && (gaps($r))[0] >= 148
    && (gaps($r))[0] < 900, 'retry-after-ms is the finer one ('
    . join(' ', gaps($r)) . ' ms)';

$r = $e->chat(model => 'one',
    mock => 'status=429,header=Retry-After:1|status=200');
is codes($r), '429 1 429', 'not where the wait would be too long';
is $r->{header}{'retry-after'}, 1, 'it is the client who is told to wait';

$r = $e->chat(model => 'one', mock => 'status=503,empty,header=Retry-After:7');
is_deeply [codes($r), $r->{header}{'retry-after'}], ['503 1 503', 7],
    'in our own words too';
ok AIGateway::Engine::error_of($r), 'which are an error';

$r = $e->chat(model => 'ab',
    mock => 'status=429,header=Retry-After:60|status=200');
ok codes($r) eq '200 2 429, 200' && $r->{time} < 0.9
    && !exists $r->{header}{'retry-after'},
    'and another provider need not wait';

for my $odd ('-1', 'soon', '', '1e3', '99999999999999999999',
    'Wed%252C 21 Oct 2037 07:28:00 GMT', '9223372036854775807')
{
    $r = $e->chat(model => 'one', mock => "status=429,header=Retry-After:$odd"
        . '|status=200');
    is codes($r), '200 2 429, 200', "Retry-After: $odd is as good as none"
        or diag explain $r->{log};
}


# What makes something that lasts is not made twice.

sub form {
    my ($recipe, $model) = @_;
    my %field = (mock => $recipe, $model ? (model => $model, prompt => 'x')
        : (purpose => 'batch'));
    my $parts = join '', map { "--xx\r\nContent-Disposition: form-data; "
        . "name=\"$_\"\r\n\r\n$field{$_}\r\n" } sort keys %field;

    $parts .= "--xx\r\nContent-Disposition: form-data; name=\"file\"; "
        . "filename=\"f\"\r\n\r\n{}\r\n" if !$model;
    return (raw => "$parts--xx--\r\n",
        headers => ['Content-Type' => 'multipart/form-data; boundary=xx']);
}


for (['a connection closed', 'cut=w0', '502 1 502'],
    ['a connection reset', 'rst=w0', '502 1 502'],
    ['half a head', 'eofhead', '502 1 502'],
    ['a server error', 'status=500', '500 1 500'],
    ['an overload', 'status=529', '529 1 529'],
    ['a page', 'html', '502 1 200'],
    ['half a body', 'cut=20', '502 1 200'])
{
    my ($name, $recipe, $want) = @$_;

    for my $path ('/v1/videos', '/v1/files') {
        my $r = $e->chat(path => $path, form("$recipe|seq=2", $path =~ /files/
            ? () : 'ab'));

        is codes($r), $want, "$name ends a POST of $path";
        is scalar(@{ $r->{seen} }), 1, 'which is sent once';
        ok AIGateway::Engine::error_of($r), 'the client is told';
    }
}

for my $status (401, 402, 403, 429) {
    my $r = $e->chat(path => '/v1/videos', form("status=$status|seq=2", 'ab'));

    is codes($r), "200 2 $status, 200", "after $status nothing was made: "
        . 'the next provider may';
}

$r = $e->chat(path => '/v1/videos', form('seq=3', 'db'));
is codes($r), '200 2 502, 200', 'nor where there was no connection';

# a kept connection may be gone, and nobody could tell
$e->chat(model => 'a/x') for 1, 2;
$r = $e->chat(path => '/v1/videos', form('seq=4', 'a/x'));
is $r->{seen}[0]{req}, 1, 'and it goes over a connection of its own';

$e->done;
done_testing;
