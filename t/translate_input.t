#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Requests that can't be put in other words: what is malformed is a 400 that
# says where, what the target has no word for is named.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;

use AIGateway::Translate;

my $e = AIGateway::Translate::engine();
my $strict = AIGateway::Translate::engine(location => 'ai_strict on;');
my $json = JSON::PP->new->utf8->canonical;
my ($yes, $hi) = (JSON::PP::true, { role => 'user', content => 'hi' });
my $fn = { name => 'f', parameters => { type => 'object' } };

my %path = (chat => '/v1/chat/completions', completions => '/v1/completions',
    responses => '/v1/responses', anthropic => '/v1/messages',
    gemini => '/v1beta/models/%s:generateContent',
    bedrock => '/model/%s/converse', cohere => '/v2/chat',
    ollama => '/api/chat');

# where each has the sentence, and what nothing but its envelope has
my %said = (
    (map { $_ => sub { my $x = $_[0]{error}; ref $x eq 'HASH'
        && exists $x->{param} && exists $x->{code}
        && $x->{type} eq 'invalid_request_error' ? $x->{message} : undef } }
        qw(chat completions responses)),
    anthropic => sub { ($_[0]{type} // '') eq 'error' && $_[0]{error}{type}
        eq 'invalid_request_error' ? $_[0]{error}{message} : undef },
    gemini => sub { my $x = $_[0]{error}; ref $x eq 'HASH'
        && ($x->{status} // '') eq 'INVALID_ARGUMENT' && $x->{code} == 400
        ? $x->{message} : undef },
    bedrock => sub { exists $_[0]{error} ? undef : $_[0]{message} },
    cohere => sub { exists $_[0]{error} ? undef : $_[0]{message} },
    ollama => sub { ref $_[0]{error} ? undef : $_[0]{error} },
);


sub ask {
    my ($engine, $client, $wire, $body) = @_;
    my $model = "$wire/m";
    my $path = $path{$client} =~ s{%s}{$wire%2Fm}r;
    my %q = ($path{$client} =~ /%s/ ? () : (model => $model),
        $client eq 'anthropic' ? (max_tokens => 9) : (),
        $client eq 'ollama' ? (stream => JSON::PP::false) : (), %$body);

    return $engine->chat(path => $path, raw => $json->encode(\%q));
}


my $deep = [$hi, { role => 'assistant', content => 'a' }, $hi];

for (
    [chat => 'messages', { messages => 'x' }],
    [chat => 'messages[0]', { messages => [5] }],
    [chat => 'messages[3].content[1].image_url', { messages => [@$deep,
        { role => 'user', content => [{ type => 'text', text => 'a' },
        { type => 'image_url', image_url => 5 }] }] }],
    [chat => 'messages[3].content[1].text', { messages => [@$deep,
        { role => 'user', content => [{ type => 'text', text => 'a' },
        { type => 'text', text => {} }] }] }],
    [chat => 'messages[1].role', { messages => [$hi, { role => 'ufo',
        content => 'x' }] }],
    [chat => 'messages[1].tool_calls[0].function.name', { messages => [$hi,
        { role => 'assistant', tool_calls => [{ id => 'c', type => 'function',
        function => { name => 7, arguments => '{}' } }] }] }],
    [chat => 'tools[0].function', { messages => [$hi], tools => [{
        type => 'function', function => { %$fn, name => undef } }] }],
    [chat => 'temperature', { messages => [$hi], temperature => 'hot' }],
    [chat => 'max_tokens', { messages => [$hi], max_tokens => 'many' }],
    [chat => 'stop', { messages => [$hi], stop => 5 }],
    [chat => 'tools', { messages => [$hi], tools => {} }],
    [chat => 'tool_choice', { messages => [$hi], tool_choice => 5 }],
    [completions => 'prompt', { prompt => { a => 1 } }],
    [completions => 'max_tokens', { prompt => 'x', max_tokens => 'y' }],
    [responses => 'input', { input => 5 }],
    [responses => 'input[1].content[0].text', { input => [$hi,
        { role => 'user', content => [{ type => 'input_text',
        text => [] }] }] }],
    [responses => 'input[0].call_id', { input => [{
        type => 'function_call_output', call_id => 5, output => 'x' }] }],
    [responses => 'tools[0].name', { input => 'x', tools => [{
        type => 'function', name => 5, parameters => {} }] }],
    [responses => 'instructions', { input => 'x', instructions => 5 }],
    [anthropic => 'messages', { messages => {} }],
    [anthropic => 'messages[1].content[1].source', { messages => [$hi, {
        role => 'user', content => [{ type => 'text', text => 'x' },
        { type => 'image', source => 5 }] }] }],
    [anthropic => 'messages[0].content[0].text', { messages => [{
        role => 'user', content => [{ type => 'text', text => 5 }] }] }],
    [anthropic => 'messages[0].content[0].tool_use_id', { messages => [{
        role => 'user', content => [{ type => 'tool_result',
        tool_use_id => 5 }] }] }],
    [anthropic => 'system', { messages => [$hi], system => 5 }],
    [anthropic => 'tools[0].name', { messages => [$hi], tools => [{
        name => 5, input_schema => {} }] }],
    [gemini => 'contents', { contents => 5 }],
    [gemini => 'contents[1].parts[1].text', { contents => [{ role => 'user',
        parts => [{ text => 'x' }] }, { role => 'model', parts => [{
        text => 'y' }, { text => 5 }] }] }],
    [gemini => 'contents[0].parts[0].inlineData', { contents => [{
        parts => [{ inlineData => 'x' }] }] }],
    [gemini => 'contents[0].parts[0].functionCall.name', { contents => [{
        parts => [{ functionCall => { name => 5 } }] }] }],
    [gemini => 'generationConfig.temperature', { contents => [{ parts => [{
        text => 'x' }] }], generationConfig => { temperature => 'x' } }],
    [bedrock => 'messages', { messages => 5 }],
    [bedrock => 'messages[0].content[1].image', { messages => [{
        role => 'user', content => [{ text => 'x' }, { image => 5 }] }] }],
    [bedrock => 'messages[0].content[0].text', { messages => [{
        role => 'user', content => [{ text => 5 }] }] }],
    [bedrock => 'inferenceConfig.maxTokens', { messages => [{ role => 'user',
        content => [{ text => 'x' }] }],
        inferenceConfig => { maxTokens => 'x' } }],
    [bedrock => 'toolConfig.tools[0].toolSpec.name', { messages => [{
        role => 'user', content => [{ text => 'x' }] }], toolConfig => {
        tools => [{ toolSpec => { name => 5, inputSchema => { json => {}
        } } }] } }],
    [cohere => 'messages', { messages => 5 }],
    [cohere => 'messages[0].content[0].text', { messages => [{
        role => 'user', content => [{ type => 'text', text => 5 }] }] }],
    [cohere => 'messages[0].role', { messages => [{ role => 'ufo',
        content => 'x' }] }],
    [cohere => 'tools[0].function.name', { messages => [$hi], tools => [{
        type => 'function', function => { %$fn, name => 5 } }] }],
    [ollama => 'messages', { messages => 5 }],
    [ollama => 'messages[0].content', { messages => [{ role => 'user',
        content => 5 }] }],
    [ollama => 'messages[0].images[0]', { messages => [{ role => 'user',
        content => 'x', images => [5] }] }],
    [ollama => 'options.temperature', { messages => [$hi],
        options => { temperature => 'x' } }],
) {
    my ($client, $where, $body) = @$_;

    for my $wire ('gemini', 'anthropic', 'bedrock') {
        next if $wire eq $client;

        my $r = ask($e, $client, $wire, $body);
        my $said = $said{$client}->($r->{json} || {});

        is $r->{status}, 400, "$client to $wire: $where: 400"
            or diag "$r->{status} $r->{body}";
        like $said // '', qr/"\Q$where\E[".\[]/,
            "$client to $wire: $where: says where, in its own envelope"
            or diag $r->{body};
        is scalar @{ $r->{seen} }, 0, "$client to $wire: $where: nobody is "
            . 'asked';
        is $r->{json}{error}{param}, $where, "$client to $wire: param"
            if ref $r->{json} && $client =~ /^(?:chat|resp|compl)/
            && $r->{status} == 400;
    }
}


# What is dropped is named, or refused.

for (
    [chat => anthropic => 'logprobs, seed', { messages => [$hi], seed => 1,
        logprobs => $yes }],
    [chat => anthropic => 'frequency_penalty', { messages => [$hi],
        frequency_penalty => 0.5 }],
    [chat => gemini => 'logit_bias', { messages => [$hi],
        logit_bias => { 5 => 1 } }],
    [chat => anthropic => 'something_new', { messages => [$hi],
        something_new => 1 }],
    [chat => bedrock => 'seed', { messages => [$hi], seed => 1 }],
    [responses => anthropic => 'truncation', { input => 'x',
        truncation => 'auto' }],
    [anthropic => chat => 'top_k', { messages => [$hi], top_k => 5 }],
    [anthropic => responses => 'top_k', { messages => [$hi], top_k => 5 }],
    [gemini => anthropic => 'seed', { contents => [{ parts => [{
        text => 'x' }] }], generationConfig => { seed => 5 } }],
    [cohere => anthropic => 'seed', { messages => [$hi], seed => 5 }],
    [ollama => anthropic => 'seed', { messages => [$hi],
        options => { seed => 5 } }],
    [bedrock => chat => 'top_k', { messages => [{ role => 'user', content => [
        { text => 'x' }] }], additionalModelRequestFields => {
        top_k => 5 } }],
) {
    my ($client, $wire, $names, $body) = @$_;
    my %want = map { $_ => 1 } split /, /, $names;
    my $r = ask($e, $client, $wire, $body);
    my %got = map { $_ => 1 } split /, /, $r->{header}{'x-ai-dropped'} // '';

    is $r->{status}, 200, "$client to $wire: without $names"
        or diag $r->{body};
    is_deeply \%got, \%want, 'and says so';
    is $r->{log}{dropped}, $r->{header}{'x-ai-dropped'} // '',
        '$ai_dropped has the same';

    $r = ask($strict, $client, $wire, $body);
    my $said = $said{$client}->($r->{json} || {});

    is $r->{status}, 400, "$client to $wire: not without $names"
        or diag $r->{body};
    like $said // '', qr/\b\Q$_\E\b/, "where $_ is named" for sort keys %want;
    is scalar @{ $r->{seen} }, 0, 'and nobody was asked';
}

for my $client (sort keys %path) {
    my $text = [{ role => 'user', content => [{ text => 'x' }] }];
    my $body = $client eq 'gemini' ? { contents => [{ parts => [{
        text => 'x' }] }] } : $client eq 'responses' ? { input => 'x' }
        : $client eq 'completions' ? { prompt => 'x' }
        : { messages => $client eq 'bedrock' ? $text : [$hi] };

    for my $wire (@AIGateway::Translate::wires) {
        my $r = ask($strict, $client, $wire, $body);

        is_deeply [$r->{status}, $r->{header}{'x-ai-dropped'}], [200, undef],
            "$client to $wire: nothing to drop" or diag $r->{body};
    }
}

$e->done;
$strict->done;
done_testing;
