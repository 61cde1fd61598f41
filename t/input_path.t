#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Paths: what is no route is 404, however it is spelled, and an id in a path
# is an id and nothing else.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $up = 'http://127.0.0.1:' . $mock->port . '/v1';
my $key = canary('a client key', 'sk-client-');
my @key = ('X-Api-Key' => $key);
my $port = free_port();

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
ai_provider openai { url $up; key env:OPENAI_API_KEY; query fixed=1; }
server {
    listen 127.0.0.1:$port;
    location / { ai_gateway on; ai_keys keys.json; }
    location /llm/ { ai_gateway on; ai_keys keys.json; }
}
END

write_keys("$n->{dir}/keys.json", { key => $key });
$n->start;


sub seen {
    $mock->idle;
    my @j = $mock->journal;
    $mock->reset;
    return @j;
}


# no routes

my @none = map { ($_, "/llm$_") } qw(//v1/chat/completions /v1//chat/completions
    /v1/chat//completions /v1/chat/completions/ /V1/chat/completions
    /v1/Chat/Completions /v1/chat/completions%20 /v1/chat%2fcompletions
    /%76%31/chat/completions /v1/chat/completions%09 /v1/chat/completion
    /v1/chat/completions2 /v1/./chat/completions /v1/chat/./completions
    /v1/x/../chat/completions /v1/%2e%2e/v1/chat/completions
    /v1/chat/completions;x=1 /v1/chat/completions. /v1 /v1/ /chat/completions
    /v2/chat/completions /v1/chat /openai/v1/chat/completions
    /v1/proxy/http://evil.test/ /~status=200/v1/chat/completions
    /v1/messages/ /v1/message /v1beta /v1beta/files
    /v1beta/models/a/b/c:generateContent /model/m /model//converse
    /model/a/b/converse /model/m/converse/ /v2/chats /v3/chat /v2
    /api/chat/ /api/tag /api /v1/fine_tuning /v1/files/a/b /v1/assistants /.env
    /admin /ai/ /v1/organization/api_keys);

for my $path (@none, '/', '/llm', '/llm/', '/llmv1/chat/completions',
    '/llm/llm/v1/chat/completions', '/LLM/v1/chat/completions')
{
    my $e = is_error(ask($port, POST => $path, chat_body(), @key), 404, '',
        "no route: $path");
    is $e->{code}, 'unknown_url', "no route: $path: its code";
    is_error(ask($port, POST => $path, chat_body()), 401, '',
        "no route: $path: and not without a key");
}

is scalar(seen()), 0, 'no provider heard of them';

# methods

for (['GET', '/v1/chat/completions', 'POST'],
    ['PUT', '/v1/files', 'GET, POST'], ['PATCH', '/v1/files/f1', 'GET, DELETE'],
    ['DELETE', '/v1/models', 'GET'],
    ['OPTIONS', '/v1/embeddings', 'POST'], ['TRACE', '/v1/models', undef],
    ['BREW', '/v1/chat/completions', 'POST'])
{
    my ($method, $path, $allow) = @$_;
    my $r = ask($port, $method => $path, undef, @key);

    is_error($r, 405, '', "$method $path is not allowed");
    is $r->{header}{allow}, $allow, "$method $path: what is";
}

# ids

my @bad = ('..', '.', '%2e%2e', '.%2e', '%2E.', 'a/../b', 'a%2fb', 'a%2Fb',
    '%2f', '..%2f..%2fadmin', '%5c', 'a%5c..', 'a%00', 'a%0d%0aX-Evil:%201',
    'a%0aX', 'a%23', 'a%3fkey=x', 'a%25', 'a%252e', 'a%2', 'a%', 'a%zz',
    '..;', '..;x', '%2e%2e;x', "a\\b", "a\x{7f}", "a\xc3\xa9", 'a"b', 'a<b>',
    'a|b', 'a`b', 'a{b}', 'a^b', 'a[b]', 'x' x 600, 'a b', 'a%20b', 'a%C3%A9');

for my $id (@bad) {
    for my $path ("/v1/files/$id", "/v1/files/$id/content",
        "/llm/v1/responses/$id")
    {
        my $r = ask($port, GET => $path, undef, @key);
        my $shown = substr($path, 0, 40) =~ s/[^ -~]/?/gr;

        ok $r->{status} == 400 || $r->{status} == 404, "refused: $shown"
            or diag($r->{raw});
        like $r->{body}, qr/^\{"error":\{"message":".*\}\}$/, 'in JSON';
    }
}

is scalar(seen()), 0, 'no provider heard of them';

for my $id ('file-abc123', 'a.b', '...', '.a', 'a..b', 'a_b-c', 'ft:gpt-4o:org',
    'a%2Db', 'a:b@c', 'x' x 200)
{
    my $r = ask($port, GET => "/v1/files/$id", undef, @key);
    my @j = seen();

    ok $r->{status} =~ /^(?:200|404)$/ && @j == 1, 'an id: ' . substr $id, 0, 20
        or diag($r->{raw});
    is $j[0]{path}, "/v1/files/$id?fixed=1",
        'and the provider gets it as it is';
}

# arguments

for (['/v1/files?limit=2&after=f1', '/v1/files?fixed=1&limit=2&after=f1'],
    ['/v1/files?', '/v1/files?fixed=1'],
    ['/v1/files/f1?x=1', '/v1/files/f1?fixed=1'])
{
    ask($port, GET => $_->[0], undef, @key);
    my ($j) = seen();
    is $j->{path}, $_->[1], "arguments: $_->[0]";
}

ask($port, POST => '/v1/chat/completions?api_base=http://evil.test&x=1',
    chat_body(), @key);
my ($j) = seen();
is $j->{path}, '/v1/chat/completions?fixed=1',
    'arguments that no route takes stay behind';

for my $args ('api_key=no', 'key=no', 'KEY=no', '%6bey=no',
    'a=1&access_token=no', 'x=1;key=no', 'fixed=2', 'f%69xed=2', 'FIXED=2',
    "a=\xc3\xa9", 'a=%0d%0a',
    'a=%00', 'a=b#c')
{
    my $r = ask($port, GET => "/v1/files?$args", undef, @key);
    my $shown = $args =~ s/[^ -~]/?/gr;

    # nginx takes what follows a "#" for a fragment, and off
    $args =~ /#/ ? is scalar(grep { /#/ } map { $_->{path} } seen()), 0,
        'a fragment stays behind'
        : is_error($r, 400, '', "arguments that are refused: $shown");
}

is scalar(seen()), 0, 'no provider heard of them';

# other targets

for my $target ('http://evil.test/v1/models', 'http://evil.test/v1/files',
    'HTTP://evil.test:1/v1/files')
{
    my $c = AIGateway::Client->new(port => $port);
    $c->write("GET $target HTTP/1.1\r\nHost: evil.test\r\nX-Api-Key: $key\r\n"
        . "X-Forwarded-Host: evil.test\r\nConnection: close\r\n\r\n");
    my $r = $c->response;
    my @j = seen();

    is $r->{status}, 200, "an absolute target: $target";
    is scalar(grep { $_->[0] eq 'Host' && $_->[1] =~ /^127\.0\.0\.1:/ }
        map { @{ $_->{headers} } } @j), 1, 'goes where it would go anyway';
}

for my $target ('*', 'evil.test:443', 'v1/models', '/%00', '/%',
    '/v1/chat/completions%00', 'http://u:p@evil.test/v1/files')
{
    my $c = AIGateway::Client->new(port => $port);
    $c->write("GET $target HTTP/1.1\r\nHost: x\r\nX-Api-Key: $key\r\n\r\n");
    is_error($c->response, 400, '', "no target: $target");
}

ends_clean($n);
$mock->stop;

done_testing;
