package Bench::Load;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Requests, and load: wrk where many are wanted, a closed loop of our own
# where each one counts.

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use File::Spec;
use Time::HiRes qw(sleep time);

use AIGateway::Checks qw(slurp spew);
use AIGateway::Client;

our @EXPORT_OK = qw(request probe wrk loop turns);

my $script = File::Spec->rel2abs(dirname(__FILE__) . '/../load.lua');
my $line = 'The quick brown fox said \"jump\" and the lazy dog did not.\n';


# The JSON of a conversation of about so many bytes, in turns of 2 KB at most.
sub body {
    my ($model, $bytes, $dialect, %more) = @_;
    my $head = qq({"model":"$model","temperature":0.7,)
        . join('', map { qq("$_":$more{$_},) } sort keys %more)
        . ($dialect eq 'openai'
            ? '"messages":[{"role":"system","content":"You are helpful."}'
            : '"max_tokens":1000,"system":"You are helpful.","messages":['
                . '{"role":"user","content":"Hello."}');
    my $left = $bytes - length($head) - 2;
    my @turns;

    while ($left > 0) {
        my $role = @turns % 2 == ($dialect eq 'openai') ? 'assistant' : 'user';
        my $turn = qq(,{"role":"$role","content":")
            . $line x ($left < 2000 ? $left / length $line : 30) . 'So."}';
        push @turns, $turn;
        $left -= length($turn) + 30;
    }

    return join '', $head, @turns, ']}';
}


# The bytes of a side's request.
sub request {
    my ($rig, $side, $cell) = @_;
    my ($target, $body) = ask($rig, $side, $cell);

    return AIGateway::Client::request('POST', $target, $body,
        'Content-Type' => 'application/json',
        'anthropic-version' => '2023-06-01',
        Authorization => 'Bearer ' . $rig->key);
}


# The plain side asks for what the gateway asks for, so that both are sent
# the same stream; the gateway's client does not ask, and must not see it.
sub ask {
    my ($rig, $side, $cell) = @_;
    my ($target, $model, $dialect) = $rig->target($side, $cell->{recipe});
    my %more = !$cell->{stream} ? ()
        : $side eq 'gateway' || $dialect ne 'openai' ? (stream => 'true')
        : (stream => 'true', stream_options => '{"include_usage":true}');

    return ($target, body($model, $cell->{bytes}, $dialect, %more));
}


# One request: the bytes of its body, and those of the reply's.
sub probe {
    my ($rig, $side, $cell) = @_;
    my $c = AIGateway::Client->new(port => $rig->{port});
    my $bytes = request($rig, $side, $cell);

    $c->write($bytes, 30);
    my $r = $c->response(30);
    $c->close;

    die "$cell->{name}, $side: status $r->{status}: "
        . substr($r->{body}, 0, 300) . "\n" . $rig->{nginx}->log
        if $r->{status} != 200 || !$r->{complete};

    if ($cell->{stream} && $r->{body} =~ /^event: message_start$/m) {
        die "$cell->{name}, $side: no end\n"
            if $r->{body} !~ /^event: message_stop$/m;

    } elsif ($cell->{stream}) {
        die "$cell->{name}, $side: no [DONE]\n"
            if $r->{body} !~ /^data: \[DONE\]\n\n\z/m;
        die "$cell->{name}, $side: usage is not as it was asked for\n"
            if ($r->{body} =~ /"usage":\{/ ? 1 : 0) != ($side ne 'gateway');
    }

    $cell->{wire}{$side} = length $r->{raw};
    return (length($bytes) - index($bytes, "\r\n\r\n") - 4, length $r->{body});
}


# A window of wrk: requests, the worker's CPU per request in us, and p50 and
# p99 in us.
sub wrk {
    my ($rig, $side, $cell, $seconds) = @_;
    my ($target, $body) = ask($rig, $side, $cell);
    my $file = "$rig->{nginx}{dir}/request";
    my $out = "$rig->{nginx}{dir}/wrk";

    spew($file, $body);

    my $cpu = $rig->cpu_us;
    my $status = system qq(exec wrk -t1 -c$cell->{conns} -d${seconds}s )
        . qq(-s '$script' 'http://127.0.0.1:$rig->{port}$target' -- )
        . qq('$file' ') . $rig->key . qq(' > '$out' 2>&1);
    $cpu = $rig->cpu_us - $cpu;
    my $said = slurp($out);
    my ($requests, $bytes, $errors, $bad, $p50, $p99)
        = $said =~ /^wrk: (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/m;

    die "$cell->{name}, $side: wrk failed: $said\n"
        if $status || !$requests || $errors || $bad;

    # streams that were under way at the end have cost something, too
    $requests = $bytes / $cell->{wire}{$side} if $cell->{stream};

    $rig->forget_log;
    return { requests => $requests, us => $cpu / $requests, p50 => $p50,
        p99 => $p99 };
}


# A window of a closed loop, one request at a time.
sub loop {
    my ($rig, $side, $cell, $seconds) = @_;
    my $c = AIGateway::Client->new(port => $rig->{port});
    my $request = request($rig, $side, $cell);
    my $cpu = $rig->cpu_us;
    my $end = time + $seconds;
    my $n = 0;

    while (time < $end || $n < 2) {
        exchange($c, $request);
        $n++;
    }

    $c->close;
    sleep 0.01;                         # the worker has not logged it yet
    $cpu = $rig->cpu_us - $cpu;
    $rig->forget_log;
    return { requests => $n, us => $cpu / $n };
}


# The sides take turns, request by request: the latencies in us of each.
sub turns {
    my ($rig, $sides, $cell, $seconds) = @_;
    my $end = time + $seconds;
    my @sides = @$sides;
    my (%client, %request, %times);

    for my $side (@sides) {
        $client{$side} = AIGateway::Client->new(port => $rig->{port});
        $request{$side} = request($rig, $side, $cell);
        exchange($client{$side}, $request{$side}) for 1 .. 20;
    }

    while (time < $end) {
        push @{ $times{$_} }, exchange($client{$_}, $request{$_}) for @sides;
        @sides = reverse @sides;
    }

    $_->close for values %client;
    $rig->forget_log;
    return \%times;
}


# Microseconds from the first byte written to the last one read.
sub exchange {
    my ($c, $bytes) = @_;
    my $start = time;

    $c->write($bytes, 60);
    my $r = $c->response(60);

    die "status $r->{status} in a closed loop\n"
        if $r->{status} != 200 || !$r->{complete};
    return ($c->{wrote} + $r->{last} - $start) * 1e6;
}


1;
