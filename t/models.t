#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# GET /v1/models tells what can be asked for here, and what is asked for goes
# where the configuration says.

use strict;
use warnings;

use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port);
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start(listeners => 2,
    args => ['--listen', '127.0.0.1:0,127.0.0.1:0']);
my ($up, $up2) = map { 'http://127.0.0.1:' . $mock->port($_) . '/v1' } 0, 1;
my $key = canary('a client key', 'sk-client-');

$ENV{OPENAI_API_KEY} = canary('the provider key');


sub gateway {
    my ($http, $location) = @_;
    my $port = free_port();
    my $n = Nginx->new(mock => $mock, http => "$http\nserver { listen "
        . "127.0.0.1:$port; location / { ai_gateway on; "
        . ($location // 'ai_auth none;') . ' } }');

    write_keys("$n->{dir}/keys.json", { key => $key,
        allow => ['small', 'org/*'] });
    $n->start;
    return ($n, $port);
}


sub ids {
    my ($r) = @_;

    return join ' ', map { $_->{id} } @{ decode_json($r->{body})->{data} };
}


sub goes_to {
    my ($port, $model, $want, @headers) = @_;

    $mock->reset;
    my $r = chat($port, { model => $model }, @headers);
    $mock->idle;
    my ($j) = $mock->journal;

    is $r->{status} == 200 ? "$j->{port} $j->{model} $r->{header}{'x-ai-model'}"
        : $r->{status}, $want, "$model goes where it should";
    return $r;
}


# names of the configuration

my ($n, $port) = gateway(<<"END");
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
ai_provider lab { type openai; url $up2; }
ai_model smart { alias gpt-4o clever-* org/model:v1; target openai gpt-4.1; }
ai_model small { alias s*l tiny; target lab qwen3-32b; }
ai_model org/Model-3 { target lab org/Model-3; }
ai_model gpt-4o-mini { target openai gpt-4o-mini; }
END

my $r = ask($port, GET => '/v1/models');
my $list = decode_json($r->{body});

is $r->{header}{'content-type'}, 'application/json', 'the list is JSON';
is $list->{object}, 'list', 'a list';
is ids($r), 'smart gpt-4o org/model:v1 small tiny org/Model-3 gpt-4o-mini',
    'of names and of aliases that are names, in their order';
is_deeply $list->{data}[0], { id => 'smart', object => 'model', created => 0,
    owned_by => 'openai' }, 'each with its members';
is $list->{data}[3]{owned_by}, 'lab', 'and the provider that has it';

for (['smart', 'smart'], ['clever-x', 'clever-x'], ['org/Model-3'],
    ['org%2FModel-3', 'org/Model-3'], ['org%2fmodel%3Av1', 'org/model:v1'],
    ['org/model:v1'])
{
    my ($path, $id) = @$_;
    my $r = ask($port, GET => "/v1/models/$path");

    is eval { decode_json($r->{body})->{id} }, $id // $path,
        "one of them: $path" or diag($r->{raw});
}

is_error(ask($port, GET => "/v1/models/$_"), 404, 'model', "none: $_")
    for qw(nothing Smart smar clever gpt-4.1 openai x%20y x%0ay), 'x' x 300;

my ($a, $b) = map { $mock->port($_) } 0, 1;

goes_to($port, $_->[0], $_->[1]) for
    ['smart', "$a gpt-4.1 gpt-4.1"], ['gpt-4o', "$a gpt-4.1 gpt-4.1"],
    ['clever-', "$a gpt-4.1 gpt-4.1"], ['small', "$b qwen3-32b qwen3-32b"],
    ['sl', "$b qwen3-32b qwen3-32b"], ['seal', "$b qwen3-32b qwen3-32b"],
    ['org/Model-3', "$b org/Model-3 org/Model-3"],
    ['gpt-4o-mini', "$a gpt-4o-mini gpt-4o-mini"],
    ['openai/gpt-4o-mini', "$a gpt-4o-mini gpt-4o-mini"],
    ['lab/small', "$b small small"], ['lab/a/b', "$b a/b a/b"],
    ['gpt-4.1', 404], ['org/other', 404], ['seals', 404];

$mock->idle;
$mock->reset;
is ids(ask($port, GET => '/v1/models')) ne '', 1, 'the list';
is scalar($mock->journal), 0, 'takes no provider';
ends_clean($n, name => 'names of the configuration: a clean ending');

# a key's share of them

($n, $port) = gateway(<<"END", 'ai_keys keys.json;');
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
ai_model smart { target openai gpt-4.1; }
ai_model small { alias org/tiny org/* t*; target openai gpt-4o-mini; }
END

my @key = ('x-api-key' => $key);
is ids(ask($port, GET => '/v1/models', undef, @key)), 'small org/tiny',
    'a key sees its share';
goes_to($port, 'small', "$a gpt-4o-mini gpt-4o-mini", @key);
goes_to($port, 'org/any', "$a gpt-4o-mini gpt-4o-mini", @key);
goes_to($port, 'tiny', 403, @key);
is_error(ask($port, GET => '/v1/models/tiny', undef, @key), 404, 'model',
    'what it may not use is not there');
is ask($port, GET => '/v1/models/org%2Fany', undef, @key)->{status}, 200,
    'what it may use is';
ends_clean($n, name => 'a key\'s share: a clean ending');

# one provider and no names: it knows best

($n, $port) = gateway(
    "ai_provider openai { url $up; key env:OPENAI_API_KEY; }");
$r = ask($port, GET => '/v1/models');
like ids($r), qr/\bgpt-4o-mini\b.*\bwhisper-1\b/, 'the list of the provider';
is ask($port, GET => '/v1/models/gpt-4o')->{status}, 200, 'and one of it';
goes_to($port, 'anything', "$a anything anything");
goes_to($port, 'any/thing', "$a any/thing any/thing");
goes_to($port, 'openai/anything', "$a anything anything");
$mock->idle;
ends_clean($n, name => 'one provider: a clean ending');

# which is not asked on behalf of a key with a share

($n, $port) = gateway("ai_provider openai { url $up; "
    . 'key env:OPENAI_API_KEY; }', 'ai_keys keys.json;');
$mock->reset;
is ids(ask($port, GET => '/v1/models', undef, @key)), '',
    'a list that can\'t be known is empty';
is scalar($mock->journal), 0, 'and nobody is asked';
goes_to($port, 'org/x', "$a org/x org/x", @key);
goes_to($port, 'gpt-4o', 403, @key);
ends_clean($n, name => 'one provider and a share: a clean ending');

# two providers and no names

($n, $port) = gateway("ai_provider openai { url $up; key env:OPENAI_API_KEY; }"
    . " ai_provider lab { type openai; url $up2; }");
is ids(ask($port, GET => '/v1/models')), '', 'two of them: no list';
goes_to($port, 'lab/x', "$b x x");
is_error(goes_to($port, 'x', 404), 404, 'model', 'and no name alone');
ends_clean($n, name => 'two providers: a clean ending');
$mock->stop;

done_testing;
