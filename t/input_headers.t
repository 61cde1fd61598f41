#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A request to a provider is made from nothing: what a client says in headers
# and members neither gets there nor decides where "there" is.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port);
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start(listeners => 2,
    args => ['--listen', '127.0.0.1:0,127.0.0.1:0']);
my ($up, $evil) = map { '127.0.0.1:' . $mock->port($_) } 0, 1;
my $key = canary('a client key', 'sk-client-');
my $own = canary('the provider key');
my $theirs = canary('a key that a client sends along');
my $port = free_port();

$ENV{OPENAI_API_KEY} = $own;

my $n = Nginx->new(mock => $mock, http => <<"END");
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }
server {
    listen 127.0.0.1:$port;
    ai_keys keys.json;
    location / { ai_gateway on; }
}
END

write_keys("$n->{dir}/keys.json", { key => $key });
$n->start;


sub sent {
    my ($more, @headers) = @_;
    my $r = chat($port, $more, 'X-Api-Key' => $key, @headers);

    $mock->idle;
    my @j = $mock->journal;
    $mock->reset;
    return ($r, @j);
}


# nothing but these

my ($r, @j) = sent({}, 'User-Agent' => 'test/1', Accept => 'application/json',
    'OpenAI-Beta' => 'x=1', 'Idempotency-Key' => 'i1',
    'X-Request-Id' => 'mine', Cookie => "a=$theirs", Origin => 'http://a',
    Referer => 'http://b', 'Accept-Encoding' => 'gzip, br',
    'Accept-Language' => 'de', 'X-Goog-Api-Key' => $theirs,
    'Api-Key' => $theirs, Authorization => "Basic $theirs",
    'Proxy-Authorization' => "Basic $theirs",
    'OpenAI-Organization' => 'org-theirs', 'OpenAI-Project' => 'proj-theirs',
    'X-Forwarded-For' => '10.0.0.1', 'X-Forwarded-Host' => $evil,
    'X-Forwarded-Proto' => 'https', Forwarded => "host=$evil",
    'X-Real-IP' => '10.0.0.1', Via => '1.1 x', TE => 'trailers',
    Trailer => 'X', Upgrade => 'h2c', 'Keep-Alive' => '5',
    'Proxy-Connection' => 'close', 'X-Custom-Host' => $evil,
    'X-Portkey-Custom-Host' => "http://$evil", 'X-Base-Url' => "http://$evil",
    'X-Upstream' => $evil, 'X-Provider' => 'evil', 'X-Model' => 'evil',
    'X-HTTP-Method-Override' => 'DELETE', 'X-Original-URL' => '/v1/files',
    'X-Rewrite-URL' => '/v1/files', 'X-Accel-Redirect' => '/v1/files',
    'Content-Disposition' => 'x', Range => 'bytes=0-1', 'If-Match' => '"x"',
    'If-None-Match' => '*', Expect => '100-continue');

is $r->{status}, 200, 'a request with many headers';

my %h = map { lc $_->[0] => $_->[1] } @{ $j[0]{headers} };

is join(' ', sort keys %h), 'accept accept-encoding authorization '
    . 'content-length content-type host idempotency-key openai-beta user-agent '
    . 'x-request-id', 'the provider gets ten';
is scalar(@{ $j[0]{headers} }), 10, 'each once';
is $h{host}, $up, 'its own name';
is $h{authorization}, 'Bearer ' . AIGateway::Mock::mark($own),
    'its own key';
is $h{'accept-encoding'}, 'identity', 'no compression';
is $h{'x-request-id'}, $r->{header}{'x-request-id'}, 'the id of the gateway';
is $h{'content-type'}, 'application/json', 'the type of the body';
is $j[0]{method}, 'POST', 'the method';
is $j[0]{path}, '/v1/chat/completions', 'and the path';

($r, @j) = sent({}, map { ($_ => 'x') } ('User-Agent') x 20);
is scalar(grep { $_->[0] =~ /^user-agent$/i } @{ $j[0]{headers} }) <= 4, 1,
    'one that comes again and again is not passed without end';

($r, @j) = sent({}, "X-Folded" => "a\r\n b: c");
is scalar(grep { $_->[0] =~ /^(?:x-folded|b)$/i } map { @{ $_->{headers} } }
    @j), 0, 'a folded line is none';

# what comes back

($r, @j) = sent({ mock => 'header=Set-Cookie:a=1,header=X-Evil:1,'
    . 'header=openai-organization:acme,header=x-ratelimit-remaining-tokens:1,'
    . 'header=Location:/x,header=Server:theirs,header=Via:x,'
    . 'header=X-Accel-Redirect:/v1/files,header=X-Accel-Buffering:yes,'
    . 'header=Refresh:0,header=WWW-Authenticate:Basic,'
    . 'header=Access-Control-Allow-Origin:*' });
is join(' ', sort keys %{ $r->{header} }), 'connection content-length '
    . 'content-type date server x-ai-model x-ai-provider x-request-id',
    'of the provider\'s headers none comes that is not known';
like $r->{header}{server}, qr/^nginx/, 'nor its name';

# members of the body

for my $name (qw(api_base base_url api_key api_type api_version url endpoint
    host proxy organization custom_llm_provider provider headers extra_headers
    extra_body extra_query azure_endpoint deployment_id litellm_params metadata
    region aws_region aws_access_key_id vertex_project model_list fallbacks
    router target user timeout))
{
    my $to = "http://$evil/v1";
    my ($r, @j) = sent({ $name => $to, metadata => { $name => $to },
        extra_body => { $name => $to, extra_body => { $name => $to } },
        ($name eq 'metadata' ? (metadata => { api_base => $to }) : ()) });
    my ($j) = @j;

    ok @j == 1 && $j->{port} == $mock->port(0)
        && $r->{status} == 200, "\"$name\" leads nowhere else";
    is scalar(grep { $_->[0] eq 'Authorization' && $_->[1] eq 'Bearer '
        . AIGateway::Mock::mark($own) } @{ $j->{headers} }), 1,
        'and the key is ours';
}

is $mock->stats->{total_connections} < 100, 1, 'connections are kept';

# a model's name is a name

for my $model ("http://$evil/v1/m", "openai/http://$evil", "$evil/m",
    'openai/../m', 'm@evil', 'openai/m?x=1', 'm#f')
{
    my ($r, @j) = sent({ model => $model });
    ok @j == 1 && $j[0]{port} == $mock->port(0)
        && $j[0]{path} eq '/v1/chat/completions',
        "a model's name leads nowhere else: $model";
}

# URLs in messages are not fetched

($r, @j) = sent({ messages => [{ role => 'user', content => [
    { type => 'image_url', image_url => { url => "http://$evil/image.png" } },
    { type => 'file', file => { file_url => "http://$evil/x" } }] }] });
is $r->{status}, 200, 'a message with URLs';
is scalar(@j), 1, 'none of which is fetched';

ends_clean($n);
$mock->stop;

done_testing;
