#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Time in streams in other words: clients that go, or do not read, providers
# that are silent.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64url);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use AIGateway::Translate;


sub chunk { return 'data: {"choices":[{"index":0,' . $_[0] . "}]}\n\n" }


# Streams with pings in the middle: before the first event there is none.
my $said = chunk('"delta":{"role":"assistant","content":"a"}');
my $from_chat = join '', $said, ": ping\n\n" x 3, $said,
    chunk('"delta":{},"finish_reason":"stop"'), "data: [DONE]\n\n";
my $event = sub { "event: $_[0]\ndata: {\"type\":\"$_[0]\"$_[1]}\n\n" };
my $from_anthropic = join '', $event->('message_start', ',"message":{"id":"i",'
    . '"type":"message","role":"assistant","model":"m","content":[],'
    . '"usage":{"input_tokens":1,"output_tokens":1}}'),
    $event->('content_block_start', ',"index":0,"content_block":{"type":"text",'
    . '"text":""}'), ($event->('ping', '')) x 3,
    $event->('content_block_delta', ',"index":0,"delta":{"type":"text_delta",'
    . '"text":"a"}'), $event->('content_block_stop', ',"index":0'),
    $event->('message_delta', ',"delta":{"stop_reason":"end_turn"},'
    . '"usage":{"output_tokens":2}'), $event->('message_stop', '');

my %pinging = (chat => $from_chat, anthropic => $from_anthropic);
my ($providers, @servers) = ('');

# the mock has no pings there: a provider that says this and no more
for my $wire (sort keys %pinging) {
    my $s = IO::Socket::INET->new(Listen => 9, LocalAddr => '127.0.0.1')
        or die "listen: $!\n";
    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        while (my $c = $s->accept) {
            my $n = sysread $c, my $in, 65536;
            syswrite $c, "HTTP/1.1 200 OK\r\nContent-Type: "
                . "text/event-stream\r\nConnection: close\r\nContent-Length: "
                . length($pinging{$wire}) . "\r\n\r\n$pinging{$wire}";
        }
        POSIX::_exit(0);
    }

    push @servers, $pid;
    $providers .= "ai_provider pings-$wire { type "
        . ($wire eq 'chat' ? 'together' : $wire)
        . '; url http://127.0.0.1:' . $s->sockport . "/v1; }\n";
}

my $e = AIGateway::Translate::engine(models => $providers);
my $mock = $e->{mock};
my @wires = @AIGateway::Translate::wires;


# The bytes of a request for a stream, and its case.
sub request {
    my ($client, $wire, $recipe, $text) = @_;
    my $named = 'm' . ($recipe eq '' ? '' : '~b64.'
        . encode_base64url($recipe));
    my $user = { role => 'user', content => $text // 'hi' };
    my $path = "$wire%2F$named";
    my @args = (model => "$wire/$named", stream => JSON::PP::true);

    return $e->request(path => '/v1/responses', @args,
        input => [$user]) if $client eq 'responses';
    return $e->request(path => "/v1beta/models/$path"
        . ':streamGenerateContent?alt=sse', contents => [{ role => 'user',
        parts => [{ text => $user->{content} }] }]) if $client eq 'gemini';
    return $e->request(path => "/model/$path/converse-stream",
        messages => [{ role => 'user', content => [{
        text => $user->{content} }] }]) if $client eq 'bedrock';
    return $e->request(path => { chat => '/v1/chat/completions',
        anthropic => '/v1/messages', cohere => '/v2/chat',
        ollama => '/api/chat' }->{$client}, @args, messages => [$user],
        max_tokens => 5000);
}


# What a client of that dialect has got when text has come.
my %text = (map { $_ => qr/"?word1/ } @wires);


# Clients that go in the middle of it.

for my $wire (@wires) {
    for my $client (grep { $_ ne $wire } qw(chat anthropic gemini responses
        bedrock cohere ollama))
    {
        # it is asked in the client's own dialect
        next if $client eq 'chat' && $wire eq 'ollama';

        $mock->reset;

        my $c = $e->client;
        my ($bytes, $case) = request($client, $wire, 'events=400,gap=20');

        $c->write($bytes);
        ok $c->read_until($text{$client}, 5), "$client to $wire: it streams"
            or diag substr $c->{in}, 0, 300;
        $c->close;

        my $log = $e->log_of($case, 3);
        ok $mock->idle(2), "$client to $wire: the provider's connection is "
            . 'closed with the client\'s';
        my @seen = $mock->journal;
        is_deeply [scalar @seen, $seen[0]{ended}], [1, 'client_gone'],
            "$client to $wire: at once"
            or diag join ' ', map { $_->{ended} } @seen;
        is_deeply [@$log{qw(status attempts error)}], [200, 1, 'client_abort'],
            "$client to $wire: and is told once" or diag explain $log;
    }
}

my @lines = AIGateway::Checks::slurp("$e->{nginx}{dir}/engine.log")
    =~ /^\{"case":"([^"]+)"/mg;
my %times;
$times{$_}++ for @lines;
is_deeply [grep { $times{$_} != 1 } keys %times], [],
    'each request is settled once';


# Clients that are slow: the provider has to wait, nothing is lost. A client of
# Responses is not among them: its last event repeats all that was said, which
# is more than ai_reply_size.

for my $pair ([chat => 'anthropic'], [anthropic => 'gemini'],
    [gemini => 'bedrock'], [completions => 'gemini'], [cohere => 'gemini'],
    [bedrock => 'cohere'], [ollama => 'anthropic'])
{
    my ($client, $wire) = @$pair;
    my $recipe = 'events=20000,size=24000000';

    $mock->reset;

    my $c = $e->client(rcvbuf => 4096);
    my ($bytes, $case) = request($client, $wire, $recipe);
    my $pid = ($e->{nginx}->workers)[0];
    my $rss = Nginx::rss_kb($pid);

    $c->write($bytes);
    sleep 1;

    my $grown = Nginx::rss_kb($pid) - $rss;

    is $mock->stats->{in_flight}, 1, "$client to $wire: the provider waits";
    ok $grown < 3000, "$client to $wire: nothing is heaped up ($grown KB)";

    my $r = AIGateway::Engine::response($c, 20);
    $c->close;

    my $log = $e->log_of($case, 3);

    is_deeply [@$r{qw(status complete)}, $log->{error}], [200, 1, ''],
        "$client to $wire: all of it comes in the end"
        or diag explain($log), substr $r->{raw}, 0, 300;
    ok length $r->{body} > 24000000, "$client to $wire: and is long";
}


# Pings.

my %ping = (chat => qr/^: ?\S*\r?\n\r?\n/m, anthropic => qr/^event: ping\n/m,
    responses => qr/^:.*\n\n|^event: (?:keepalive|ping)\n/m,
    gemini => qr/^:.*\r?\n\r?\n/m, cohere => qr/^:.*\n\n/m);

for my $client (sort keys %ping) {
    for my $wire (qw(chat anthropic)) {
        next if $wire eq $client;

        my $c = $e->client;
        my ($bytes) = request($client, "pings-$wire", '');

        $c->write($bytes);
        my $r = $c->response(5);
        ok scalar(() = $r->{body} =~ /$ping{$client}/g) >= 3,
            "pings of $wire for $client" or diag $r->{body};
        unlike $r->{body}, qr/"type":"ping"/, "$client: not of anthropic's"
            if $client ne 'anthropic';
        ok $r->{complete}, 'and the rest';
        $c->close;
    }
}


# All of the silent ones at once: it takes 16 seconds.

my %quiet;

for my $client (qw(chat responses anthropic gemini cohere bedrock ollama)) {
    my $wire = $client eq 'anthropic' ? 'gemini' : 'anthropic';
    my $c = $quiet{$client} = $e->client;

    # silent after some events, and for ever
    $c->write((request($client, $wire, $wire eq 'gemini' ? 'stall=e2,events=6'
        : 'stall=e4,events=6'))[0]);
}

my $end = time + 16.5;
for my $client (sort keys %quiet) {
    $quiet{$client}->read_until($text{$client}, 3);
}
my %before = map { $_ => length $quiet{$_}{in} } keys %quiet;
sleep 0.1 while time < $end;

for my $client (sort keys %quiet) {
    my $c = $quiet{$client};
    my $had = length $c->{in};

    $c->read_for(0.1);
    my $new = substr $c->{in}, $had;

    if ($ping{$client}) {
        like $new =~ s/^[0-9a-f]+\r\n//r, $ping{$client},
            "$client: hears something in 15 s of silence";
    } else {
        unlike $new, qr/error|"done":true|messageStop/i,
            "$client: has no word for a ping";
    }

    is $c->{end}, undef, "$client: and the stream goes on";
    $c->close;
}

kill 'TERM', @servers;
waitpid $_, 0 for @servers;

$e->done;
done_testing;
