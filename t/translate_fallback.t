#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# One request, several targets of other dialects: each is asked in its own
# words, and the client hears its own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use AIGateway::Translate;

my %client = (
    chat => { path => '/v1/chat/completions', max_tokens => 50 },
    anthropic => { path => '/v1/messages', max_tokens => 50 },
    gemini => { path => '/v1beta/models/%s:%s' },
    ollama => { path => '/api/chat' },
);
my %end = (chat => qr/\ndata: \[DONE\]\n\n\z/,
    anthropic => qr/event: message_stop\n.*\n\n\z/,
    gemini => qr/"finishReason":"STOP".*\n\r?\n\z/,
    ollama => qr/"done":true.*\n\z/);
my %sent = (chat => '/v1/chat/completions', anthropic => '/v1/messages',
    gemini => qr{^/v1beta/models/[^:]*:(?:streamG|g)enerateContent},
    bedrock => qr{^/model/[^/]*/converse(?:-stream)?$},
    cohere => '/v2/chat', responses => '/v1/responses',
    ollama => '/api/chat');

my @pairs = (['chat', 'anthropic', 'gemini'], ['chat', 'chat', 'anthropic'],
    ['chat', 'anthropic', 'chat'], ['chat', 'bedrock', 'cohere'],
    ['chat', 'cohere', 'ollama'], ['anthropic', 'anthropic', 'chat'],
    ['anthropic', 'chat', 'anthropic'], ['anthropic', 'gemini', 'responses'],
    ['gemini', 'gemini', 'anthropic'], ['gemini', 'anthropic', 'gemini'],
    ['gemini', 'responses', 'bedrock'], ['ollama', 'ollama', 'anthropic'],
    ['ollama', 'anthropic', 'ollama']);

my %faults = ('an overload' => 'm~status=529', 'a cut' => 'm~cut=40',
    'an error in a 200' => 'm~errevent=e0', 'no JSON' => 'm~html');
my ($models, %seen) = ('');

for my $pair (@pairs) {
    my (undef, $a, $b) = @$pair;
    my $n = 0;

    next if $seen{"$a $b"}++;
    $models .= "ai_model $a-$b-" . $n++ . " { target $a $faults{$_}; "
        . "fallback $b m; retry 1 backoff=1ms; }\n" for sort keys %faults;
}

# a request of 100 KB is in a temporary file
my $e = AIGateway::Translate::engine(models => $models,
    http => "client_body_buffer_size 8k;\n");


sub ask {
    my ($dialect, $model, $stream, $text) = @_;
    my %q = %{ $client{$dialect} };

    if ($dialect eq 'gemini') {
        $q{path} = sprintf $q{path}, $model, $stream
            ? 'streamGenerateContent?alt=sse' : 'generateContent';
        $q{contents} = [{ role => 'user', parts => [{ text => $text }] }];
        return $e->chat(%q);
    }

    $q{messages} = [{ role => 'user', content => $text }];
    return $e->chat(%q, model => $model, stream => $stream);
}


for my $pair (@pairs) {
    my ($client, $a, $b) = @$pair;
    my $n = 0;

    for my $fault (sort keys %faults) {
        my $model = "$a-$b-" . $n++;

        for my $stream (0, 1) {
            next if !$stream && $fault eq 'an error in a 200';

            for my $text ('Say it', 'long ' x 20000) {
                my $r = ask($client, $model, $stream, $text);
                my $what = "$client asks $a, then $b, $fault, "
                    . ($stream ? 'streamed, ' : '')
                    . (length $text > 10 ? 'a file' : 'in memory');

                is_deeply [@$r{qw(status complete)}, $r->{log}{attempts},
                    $r->{log}{provider}, $r->{log}{error}],
                    [200, 1, 2, $b, ''], $what
                    or diag substr($r->{body}, 0, 300), explain $r->{log};

                like $r->{body}, $end{$client}, "$what: its own ending"
                    if $stream;
                like $r->{body}, $client eq 'gemini' ? qr/^\{"candidates":/
                    : $client eq 'chat' ? qr/"object":"chat.completion"/
                    : $client eq 'anthropic' ? qr/"type":"message"/
                    : qr/"done":true/, "$what: its own words" if !$stream;

                my @seen = @{ $r->{seen} };

                is scalar(@seen), 2, "$what: both were asked";
                for my $i (0, 1) {
                    my $wire = ($a, $b)[$i];
                    # ollama takes those of chat as they are
                    my $want = $sent{$wire eq 'ollama' && $client eq 'chat'
                        ? $client : $wire};
                    like $seen[$i]{path} // '', ref $want ? $want
                        : qr/^\Q$want\E$/, "$what: $i in its own words";
                }
            }
        }
    }
}

$e->done;
done_testing;
