#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A stream that breaks off in the middle never looks like one that ended: the
# client gets the whole events that came, an error event in its own dialect,
# no terminator, and a reply that is cut.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;

use AIGateway::Engine;

my $e = AIGateway::Engine->new(http => <<'END');
ai_provider a {
    type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY;
    timeout idle=300ms first_token=400ms;
}
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_model m { target a m; retry 0; }
ai_model ab { target a m; fallback b m; }
END

my %usage = (stream_options => { include_usage => JSON::PP::true });
my $direct = AIGateway::Client->new(port => $e->{mock}->port(0));


sub direct {
    my ($bytes) = $e->request(@_, model => 'm', stream => 1);

    $direct->write($bytes);
    return $direct->response->{body};
}


# The body but for the error event at its end, and the error.
sub split_error {
    my ($r) = @_;
    my $event = qr/(?:event: error\n)?data: (\{(?:"type":"error",)?"error":\{.*)/;
    my ($body, $text) = $r->{body} =~ /^(.*?)(?:$event\n\n)?\z/s;
    my $error = defined $text ? eval { decode_json($text)->{error} } : undef;

    return ($body, $error);
}


# Cut everywhere: at each event, and at bytes in between. What is expected
# follows from the provider's own bytes.

my @say = (messages => [{ role => 'user',
    content => "gr\x{fc}\x{df} \x{1f600}\x{4e16}\x{754c}" }]);

for my $shown (0, 1) {
    my @q = (@say, $shown ? %usage : ());
    my @upstream = direct(@say, %usage) =~ /(.*?\n\n)/gs;
    my @client = direct(@q) =~ /(.*?\n\n)/gs;
    my $what = 'usage ' . ($shown ? 'shown' : 'hidden');
    my $size = length join '', @upstream;
    my ($at, @ends) = 0;

    push @ends, $at += length for @upstream;

    # the event with the usage comes before [DONE], and may be hidden
    splice @client, -1, 0, '' if !$shown;
    is scalar(@client), scalar(@upstream), "$what: events fit";

    for my $framing (qw(chunked length close)) {
        my %wrong;
        my @cuts = map { [$_, $_] } grep { $_ < $size } $framing eq 'chunked'
            ? (map({ ($_, $_ - 1, $_ + 1) } @ends), map { $_ * 23 } 1 .. 99)
            : (@ends, map { $_ * 101 + 7 } 0 .. 30);

        push @cuts, map { ["e$_", $ends[$_ - 1]] } 1 .. $#ends
            if $framing ne 'length';

        for my $cut (@cuts) {
            my $n = grep { $_ <= $cut->[1] } @ends;
            my $r = $e->chat(@q, model => 'm', stream => 1,
                mock => "framing=$framing,cut=$cut->[0]");
            my ($body, $error) = split_error($r);

            # nothing was whole: no stream has begun
            $wrong{$cut->[0]} = $r->{body}, next if $n == 0
                && ($r->{status} != 502 || !AIGateway::Engine::error_of($r));
            next if $n == 0;

            $wrong{$cut->[0]} = $r->{body} if $r->{complete}
                || $body ne join('', @client[0 .. $n - 1])
                || ($error->{code} // '') ne 'upstream_error'
                || $r->{status} != 200 || $r->{log}{error} ne 'cut'
                || $r->{log}{attempts} != 1;
        }

        is_deeply \%wrong, {}, "$what: a $framing stream cut at "
            . scalar(@cuts) . ' places';
    }
}

# The same counted on the wire: in the head, in chunk headers.

my ($stream) = direct(@say, mock => 'seq=1');
my %wrong;

for my $w (map { $_ * 13 } 1 .. 140) {
    my $r = $e->chat(@say, model => 'm', stream => 1, mock => "cut=w$w");
    my ($body, $error) = split_error($r);

    $wrong{$w} = $r->{body} if $r->{status} == 200
        ? $r->{complete} || !$error || $body !~ /\n\n\z/
            || substr($stream, 0, length $body) ne $body || $body =~ /DONE/
        : $r->{status} != 502 || !AIGateway::Engine::error_of($r);
}

is_deeply \%wrong, {}, 'a stream cut at 140 places of the wire';

my $whole = direct(mock => 'seq=2');
my $r = $e->chat(model => 'm', stream => 1, mock => 'rst=e3');
is_deeply [$r->{complete}, (split_error($r))[1]{code}],
    [0, 'upstream_error'], 'a reset is a cut';

$r = $e->chat(model => 'm', stream => 1, mock => 'framing=badchunk,events=3');
is $r->{status}, 502, 'a bad chunk in the first event: no stream begins';

my @client = direct() =~ /(.*?\n\n)/gs;
my @upstream = direct(%usage) =~ /(.*?\n\n)/gs;
$r = $e->chat(model => 'm', stream => 1, mock => 'cut=e' . @upstream);
is $r->{body}, join('', @client), 'cut behind [DONE]: nothing is missing, '
    . 'and no error is added';
is $r->{complete}, 0, 'but for the end of the reply';

for my $path ('/v1/completions', '/v1/responses') {
    my @q = (path => $path, $path =~ /resp/ ? (input => 'x')
        : (prompt => 'x'));
    my $full = direct(@q, mock => 'events=9');

    for my $n (1, 4, 9) {
        $r = $e->chat(@q, model => 'm', stream => 1,
            mock => "events=9,cut=e$n");

        my ($body, $error) = split_error($r);

        is_deeply [$r->{complete}, $error->{code}, $r->{log}{error}],
            [0, 'upstream_error', 'cut'], "$path cut after $n events is told";
        is $body, substr($full, 0, length $body), 'behind what had come';
        is scalar($r->{body} =~ /^event: error\ndata: \{"type":"error",/m),
            $path =~ /resp/ ? 1 : '', 'with the name that its dialect has';
    }
}


# Streams that stop without ending.

for my $stall ('stall=e3', 'stall=700', 'stall=e3,framing=close') {
    $r = $e->chat(model => 'm', stream => 1, mock => $stall);

    my ($body, $error) = split_error($r);

    is_deeply [$r->{complete}, $error->{code}, $r->{log}{error}],
        [0, 'upstream_timeout', 'cut'], "$stall: a time-out is told";
    ok $r->{time} > 0.25 && $r->{time} < 2, "in time ($r->{time} s)";
    is $r->{seen}[0]{ended}, 'stalled', 'the provider is hung up on';
}

my $text = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}' . "\n\n";
my $pings = 'ctype=text/event-stream,gap=40,body='
    . encode_base64($text . ": ping\n\n" x 60, '');

$r = $e->chat(model => 'm', stream => 1, mock => $pings);
is_deeply [$r->{complete}, (split_error($r))[1]{code}], [0,
    'upstream_timeout'], 'pings do not keep a stream alive';
ok $r->{time} > 0.28 && $r->{time} < 2, "beyond the time ($r->{time} s)";
like $r->{body}, qr/: ping\n\n.*: ping\n\n/s, 'though they reach the client';

$r = $e->chat(model => 'm', stream => 1, mock => 'events=30,gap=40');
ok $r->{complete} && $r->{time} > 1.1, "events do, for any time ($r->{time} s)"
    or diag $r->{raw};

for my $first ('endless=pings,gap=20', 'first=2000', 'delay=2000',
    'stall=20', 'endless=headers,gap=20')
{
    $r = $e->chat(model => 'ab', stream => 1, mock => "$first|status=200");
    is_deeply [@$r{qw(status complete)}, $r->{header}{'x-ai-fallback'}],
        [200, 1, 'a/m; timeout'], "$first: no first event in time";
    ok $r->{time} > 0.35 && $r->{time} < 1.9, "is a fault ($r->{time} s)";
}


# What a stream may end with.

$r = $e->chat(model => 'm', stream => 1, mock => 'nodone');
is_deeply [$r->{complete}, $r->{log}{error}, $r->{log}{finish}],
    [1, '', 'stop'], 'a finish reason will do where [DONE] is not sent';

$r = $e->chat(model => 'm', stream => 1, mock => 'nodone,framing=close');
is_deeply [$r->{complete}, (split_error($r))[1]{code}, $r->{log}{error}],
    [0, 'upstream_error', 'cut'], 'but not where the end could be a cut';

my $open = 'ctype=text/event-stream,body=' . encode_base64($text, '');
$r = $e->chat(model => 'm', stream => 1, mock => $open);
is_deeply [$r->{complete}, split_error($r)], [0, $text, {
    message => 'The provider "a" broke off its answer.',
    type => 'server_error', param => undef, code => 'upstream_error' }],
    'a stream with neither was cut';

my $large = 'ctype=text/event-stream,body=' . encode_base64(
    $text =~ s/"x"/'"' . 'x' x 20000 . '"'/er, '');
$r = $e->chat(model => 'm', stream => 1, mock => $large);
is_deeply [$r->{complete}, (split_error($r))[1]{code}],
    [0, 'upstream_error'], 'even one that was all held back';

for my $n (1, 3) {
    $r = $e->chat(model => 'm', stream => 1, mock => "events=6,errevent=e$n");
    is_deeply [$r->{complete}, (split_error($r))[1]{code}, $r->{log}{error}],
        [1, 'mock_error', 'provider_error'],
        "an error event of the provider after $n others goes through";
}

$r = $e->chat(path => '/v1/responses', input => 'x', model => 'm', stream => 1,
    mock => 'events=6,errevent=e4');
ok $r->{complete} && $r->{log}{error} eq 'provider_error'
    && $r->{body} =~ /^event: error\ndata: .*\n\n\z/m,
    'in a stream of responses too';

$direct->close;
$e->done;
done_testing;
