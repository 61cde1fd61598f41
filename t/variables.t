#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# The variables, each of them, and the log that has them all.

use strict;
use warnings;

use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start(listeners => 2,
    args => ['--listen', '127.0.0.1:0,127.0.0.1:0']);
my ($up, $up2) = map { 'http://127.0.0.1:' . $mock->port($_) . '/v1' } 0, 1;
my $key = canary('a client key', 'sk-client-');
my @key = (Authorization => "Bearer $key");
my $prompt = 'prompt-' . join '', map { chr 97 + rand 26 } 1 .. 20;
my ($port, $cut) = (free_port(), free_port());

$ENV{OPENAI_API_KEY} = canary('the provider key');

my @names = qw(request_id key_id owner group project tenant route
    client_dialect model target_model provider attempts fallback_reason
    tokens_in tokens_cached tokens_out tokens_reasoning ttft chunks error
    finish);
my $format = join ' ', map { "$_=\$ai_$_" } @names;

my $n = Nginx->new(mock => $mock, http => <<"END");
log_format all '\$status $format';
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
ai_provider second { type openai; url $up2; }
ai_model gpt-4o-mini { alias mini; target openai gpt-4o-mini; }
ai_model fallen { target second a; fallback openai gpt-4.1; retry 2
    backoff=1ms..1ms; }
ai_model gone { target lost x; retry 0; }
ai_provider lost { type openai; url http://127.0.0.1:1; }

map \$ai_group \$allowed { default 0; search 1; }
map \$ai_provider \$who { default nobody; openai us; }

server {
    listen 127.0.0.1:$port;
    ai_keys keys.json;
    access_log %%DIR%%/all.log all;
    access_log %%DIR%%/json.log ai_log_json;
    location / {
        ai_gateway on;
        add_header X-Who "\$who \$ai_key_id \$ai_model \$ai_attempts" always;
        add_header X-Allowed \$allowed always;
    }
    location /sub/ {
        ai_gateway on;
        mirror /copy;
    }
    location = /copy {
        internal;
        proxy_pass $up2/models;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_method GET;
        proxy_set_header X-Key \$ai_key_id;
        proxy_set_header X-Id \$ai_request_id;
    }
}
END

write_keys("$n->{dir}/keys.json", { id => 'search-1', key => $key,
    owner => 'Se"arch \\ team', group => 'search', project => "s\x{fc}t",
    tenant => 'acme', plan => 'basic', role => 'developer' });
$n->start;

my (@text, @json);
my $lines = 0;


# what the logs say of the last request, when it has been written
sub logged {
    $lines++;
    $n->wait_for(sub { @json = split /^/, slurp("$n->{dir}/json.log");
        @json == $lines });
    @text = split /^/, slurp("$n->{dir}/all.log");

    my %v = (status => $text[-1] =~ /^(\d+) /, $text[-1]
        =~ /(\w+)=(.*?)(?= \w+=|\n)/g);
    my $j = eval { decode_json($json[-1]) };

    ok $j, 'a line of JSON' or diag($json[-1]);
    is scalar(@json), $lines, 'and one line for it';
    return (\%v, $j);
}


sub has {
    my ($name, $want) = @_;
    my ($v) = logged();

    is join(' ', map { "$_=$v->{$_}" } sort keys %$want),
        join(' ', map { "$_=$want->{$_}" } sort keys %$want), $name
        or diag($text[-1]);
    return $v;
}


# a reply

my $r = chat($port, { messages => [{ role => 'user', content => $prompt }],
    mock => 'cached=2,reasoning=4', model => 'mini' }, @key);
is $r->{status}, 200, 'a chat';
$mock->idle;
my ($used) = map { $_->{usage} } $mock->journal;

my ($v, $j) = logged();

is $v->{$_->[0]}, $_->[1], "\$ai_$_->[0] is \"$_->[1]\"" for
    ['request_id', $r->{header}{'x-request-id'}], ['key_id', 'search-1'],
    ['owner', '"Se\x22arch \x5C team"' =~ s/^"|"$//gr], ['group', 'search'],
    ['tenant', 'acme'], ['route', 'chat'], ['client_dialect', 'openai'],
    ['model', 'mini'], ['target_model', 'gpt-4o-mini'],
    ['provider', 'openai'], ['attempts', 1], ['fallback_reason', '-'],
    ['tokens_in', $used->{prompt}], ['tokens_cached', 2],
    ['tokens_out', $used->{completion}], ['tokens_reasoning', 4],
    ['ttft', '-'], ['chunks', '-'], ['error', '-'], ['finish', 'stop'];
like $v->{project}, qr/^s/, '$ai_project';

is $j->{owner}, 'Se"arch \\ team', 'the log of JSON escapes what must be';
is $j->{status}, 200, 'it has the status';
like $j->{request_time}, qr/^\d+\.\d{3}$/, 'the time it took';
like $j->{upstream_addr}, qr/^127\.0\.0\.1:\d+$/, 'the address';
is $j->{upstream_status}, 200, 'and what that said';
is scalar(grep { !exists $j->{$_} } grep { $_ ne 'key_id' } @names), 0,
    'and all variables';
is $j->{key}, 'search-1', 'and the key';
is $r->{header}{'x-who'}, 'us search-1 mini 1', 'they are there for headers';
is $r->{header}{'x-allowed'}, 1, 'and for map';

# a stream

$r = chat($port, { stream => \1, mock => 'events=6,gap=30,delay=60' }, @key);
# six words, the role before and the reason to stop behind them
$v = has('a stream', { status => 200, chunks => 8, finish => 'stop',
    error => '-', tokens_out => 6 });
like $v->{ttft}, qr/^0\.\d{3}$/, '$ai_ttft is in seconds';
cmp_ok $v->{ttft}, '>=', 0.05, 'not before it came';
cmp_ok $v->{ttft}, '<', 0.5, 'nor long after';

# endings

chat($port, {});
has('no key', { status => 401, key_id => '-', owner => '-', model => '-',
    error => 'unauthorized', attempts => 0, provider => '-', route => 'chat',
    tokens_in => '-', finish => '-' });
chat($port, { model => 'none' }, @key);
has('no such model', { status => 404, model => 'none', target_model => '-',
    error => 'model_not_found', attempts => 0 });
ask($port, GET => '/v1/x', undef, @key);
has('no such route', { status => 404, route => '-', error => 'not_found',
    key_id => 'search-1' });
chat($port, { n => 0 }, @key);
has('a bad body', { status => 400, error => 'invalid_request',
    route => 'chat' });
chat($port, { model => 'gone' }, @key);
has('nobody there', { status => 502, error => 'upstream', attempts => 1,
    provider => 'lost', model => 'gone', target_model => 'x' });
chat($port, { model => 'fallen', mock => 'status=500,seq=f|status=500|'
    . 'status=200' }, @key);
has('a fallback', { status => 200, model => 'fallen', attempts => 3,
    provider => 'openai', target_model => 'gpt-4.1', fallback_reason => '5xx',
    error => '-' });
chat($port, { mock => 'status=400' }, @key);
has('the provider refuses', { status => 400, error => 'provider_error',
    attempts => 1, tokens_in => '-' });
chat($port, { stream => \1, mock => 'cut=e3' }, @key);
has('the provider breaks off', { status => 200, error => 'cut', chunks => 3,
    finish => '-' });

my $c = AIGateway::Client->new(port => $port);
$c->write(AIGateway::Client::request(POST => '/v1/chat/completions',
    chat_body({ stream => \1, mock => 'stall=e3' }), @key,
    'Content-Type' => 'application/json'));
$c->read_until(qr/data: /);
$c->abort;
$mock->idle;
has('the client goes away', { error => 'client_abort', chunks => 3,
    status => 200 });

ask($port, POST => '/v1/embeddings', '{"model":"mini","input":"x"}', @key);
has('embeddings', { route => 'embeddings', tokens_in => 1, tokens_out => 0 });
ask($port, GET => '/v1/models', undef, @key);
has('models', { route => 'models', model => '-', provider => '-',
    attempts => 0, error => '-' });

$c = AIGateway::Client->new(port => $port);
$c->write("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
$c->response;
$c->close;
$v = has('what is no request', { status => 400, error => 'invalid_request' });
like $v->{request_id}, qr/^[0-9a-f]{32}$/, 'it has an id nevertheless';

# subrequests

$mock->idle;
$mock->reset;
$r = ask($port, POST => '/sub/v1/chat/completions', chat_body(), @key);
logged();
$mock->idle;
my ($copy) = grep { $_->{path} =~ /models/ } $mock->journal;
my %h = map { @$_ } @{ $copy->{headers} };
is $h{'X-Id'}, $r->{header}{'x-request-id'}, 'in a subrequest it is the same';
is $h{'X-Key'}, 'search-1', 'request';

unlike slurp("$n->{dir}/json.log"), qr/$prompt/, 'no content is in the log';

ends_clean($n);
$mock->stop;

done_testing;
