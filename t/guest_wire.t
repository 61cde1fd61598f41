#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# How clients come and where providers are: versions of HTTP, connections that
# are used again, unix sockets, IPv6, blocks of servers.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(time);

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $six = slurp('/proc/net/if_inet6') =~ /^0{31}1 /m;
my $dir = tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $mock = AIGateway::Mock->start(listeners => $six ? 4 : 3, args => [
    '--listen', join ',', '127.0.0.1:0', '127.0.0.1:0', "unix:$dir/mock.sock",
    $six ? '[::1]:0' : ()]);
my ($up, $up2) = map { '127.0.0.1:' . $mock->port($_) } 0, 1;
my $key = canary('a client key', 'sk-client-');
my @key = (Authorization => "Bearer $key");
my ($port, $h2, $port6) = map { free_port() } 1 .. 3;

chmod 0755, $dir;
chmod 0777, "$dir/mock.sock";
$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
log_format who '\$server_protocol \$uri \$status "\$upstream_addr" \$ai_error';
access_log %%DIR%%/who.log who;
ai_zone gateway 8m;
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }
ai_provider sock { type openai; url http://unix:$dir/mock.sock:/v1; }
@{[ $six ? "ai_provider six { type openai; url http://[::1]:"
    . $mock->port(3) . '/v1; }' : '' ]}
ai_provider lost { type openai; url http://127.0.0.1:1; }
ai_model later { target lost m; retry 3 backoff=20s..30s; }
ai_provider group { type openai; url http://servers/v1; }
ai_provider spread { type openai; url http://spread/v1; }
@{[ map { "ai_provider $_ { type openai; url http://$_/v1; }\n" } qw(half none
    spare sticky by_ip any) ]}

upstream servers { zone servers 64k; least_conn; server $up2; keepalive 4; }
upstream spread { server $up; server $up2; keepalive 4; }
upstream half { server 127.0.0.1:1; server $up2; }
upstream none { server $up down; }
upstream spare { server 127.0.0.1:1 max_fails=1; server $up2 backup; }
upstream sticky { hash \$ai_key_id consistent; server $up; server $up2; }
upstream by_ip { ip_hash; server $up; server $up2; }
upstream any { random two least_conn; server $up; server $up2; }

server {
    listen 127.0.0.1:$port;
    listen 127.0.0.1:$h2 http2;
    listen unix:%%DIR%%/nginx.sock;
    @{[ $six ? "listen [::1]:$port6;" : '' ]}
    location / { ai_gateway on; ai_keys keys.json; }
}
END

write_keys("$n->{dir}/keys.json", { key => $key });
$n->start;


sub request {
    my ($more, @headers) = @_;

    return AIGateway::Client::request(POST => '/v1/chat/completions',
        chat_body({ model => 'openai/gpt-4o-mini', %{ $more || {} } }),
        'Content-Type' => 'application/json', @headers);
}


sub via {
    my ($provider, $more) = @_;

    return chat($port, { model => "$provider/gpt-4o-mini",
        %{ $more || {} } }, @key);
}


# HTTP/2

my @post = (POST => '/v1/chat/completions');
my @json = ('content-type' => 'application/json');
my @good = (@json, authorization => "Bearer $key");
my $body = chat_body({ model => 'openai/m' });
my %stream = (model => 'openai/m', stream => \1);

my @r = http2($h2,
    [@post, $body, @good],
    [@post, chat_body({ %stream, mock => 'gap=10,events=5' }), @good],
    [@post, $body, @json],
    [@post, '{"model":', @good],
    [@post, chat_body({ model => 'openai/m', user => 'x' x 300_000 }), @good],
    [GET => '/v1/nothing', undef, @good],
    [@post, chat_body({ %stream, mock => 'cut=e3' }), @good],
    [@post, chat_body({ %stream, mock => 'stall=e2' }), @good, leave => 200],
    [@post, chat_body({ model => 'later' }), @good, leave => 200],
    [@post, chat_body({ model => 'openai/m', mock => 'delay=20000' }), @good,
        leave => 200],
    [@post, $body, @good]);

is join(' ', map { $_->{status} } @r),
    '200 200 401 400 200 404 200 200 0 0 200',
    'HTTP/2: many requests, one after the other';
is join(' ', map { $_->{end} } @r),
    'end end end end end end reset left left left end',
    'HTTP/2: they end as they should';
like $r[0]{body}, qr/"chat.completion"/, 'HTTP/2: a reply';
like $r[0]{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, 'with an id';
like $r[1]{body}, qr/^(?:data: .*\n\n){6,}\z/, 'HTTP/2: a stream';
like $r[1]{body}, qr/data: \[DONE\]\n\n\z/, 'and its end';
like $r[2]{body}, qr/"invalid_api_key"/, 'HTTP/2: a refusal';
like $r[3]{body}, qr/"error".*valid JSON/, 'HTTP/2: a bad body';
like $r[5]{body}, qr/"unknown_url"/, 'HTTP/2: an unknown route';
like $r[6]{body}, qr/\n\ndata: .*"upstream_error".*\n\n\z/,
    'HTTP/2: a broken stream says so';
unlike $r[6]{body}, qr/\[DONE\]/, 'and has no terminator';
ok $mock->idle, 'HTTP/2: a client goes away, and so does its stream';

# HTTP/1.0

for my $stream (0, 1) {
    my $c = AIGateway::Client->new(port => $port);
    $c->write(request($stream ? { stream => \1 } : {}, @key)
        =~ s{HTTP/1.1}{HTTP/1.0}r);
    my $r = $c->response;
    ok $r->{status} == 200 && $r->{complete},
        'HTTP/1.0: ' . ($stream ? 'a stream' : 'a reply');
    ok $c->{end} || $c->read_some(5) && $c->{end}, 'and the end';
    is $r->{header}{'transfer-encoding'}, undef, 'not in chunks';
    like $r->{body}, $stream ? qr/\[DONE\]\n\n\z/ : qr/\}\z/, 'all of it';
}

my $c = AIGateway::Client->new(port => $port);
$c->write(request({ stream => \1, mock => 'cut=e2' }, @key)
    =~ s{HTTP/1.1}{HTTP/1.0}r);
my $r = $c->response;
like $r->{body}, qr/"upstream_error"[^\n]*\n\n\z/,
    'HTTP/1.0: a broken stream ends with an error';

# HEAD

for (['/v1/models', 'GET'], ['/v1/chat/completions', 'POST']) {
    my ($path, $allow) = @$_;
    my $r = ask($port, HEAD => $path, undef, @key);

    is "$r->{status} $r->{header}{allow} $r->{body}", "405 $allow ",
        "HEAD $path is refused, without a body";
}

# connections that are used again

sub pipelined {
    my ($name, $want, @requests) = @_;
    my $c = AIGateway::Client->new(port => $port);

    $c->write(join '', @requests);
    is join(' ', map { $c->response->{status} } @requests), $want, $name;
    $c->close;
    return;
}

pipelined('two requests at once', '200 200', (request({}, @key)) x 2);
pipelined('a request behind a refusal', '401 200', request(),
    request({}, @key));
pipelined('a request behind a refusal of a long body', '401 200',
    request({ user => 'x' x 100_000 }), request({}, @key));
pipelined('a request behind a bad body', '400 200',
    request({ n => -1 }, @key), request({}, @key));
pipelined('a request behind an unknown route', '404 200',
    AIGateway::Client::request(POST => '/v1/x', 'GET / HTTP/1.1', @key),
    request({}, @key));
pipelined('a request behind a wrong type', '415 200',
    AIGateway::Client::request(POST => '/v1/chat/completions', 'x' x 5000,
    'Content-Type' => 'text/plain', @key), request({}, @key));
pipelined('a request behind a method that is not allowed', '405 200',
    AIGateway::Client::request(PUT => '/v1/chat/completions', 'x' x 10, @key),
    request({}, @key));
pipelined('a request behind a stream', '200 200',
    request({ stream => \1 }, @key), request({}, @key));
pipelined('a request behind a provider\'s error', '429 200',
    request({ mock => 'status=429,seq=pipe|status=429' }, @key),
    request({}, @key));
pipelined('a request behind chunks that are refused', '401 200',
    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
    . "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", request({}, @key));

$c = AIGateway::Client->new(port => $port);
$c->write(request({ stream => \1, mock => 'cut=e2' }, @key)
    . request({}, @key));
$r = $c->response;
ok !$r->{complete} && $r->{end}, 'nothing comes behind a broken stream';
$c->close;

# where the gateway listens, where providers are

is ask("$n->{dir}/nginx.sock", POST => '/v1/chat/completions', $body, @key)
    ->{status}, 200, 'a client at a unix socket';
is_error(ask("$n->{dir}/nginx.sock", POST => '/v1/chat/completions', $body),
    401, '', 'with a door as any');
is via('sock')->{status}, 200, 'a provider at a unix socket';

SKIP: {
    skip 'no IPv6 here', 3 if !$six;

    my $c = AIGateway::Client->new(host => '::1', port => $port6);
    $c->write(request({}, @key));
    is $c->response->{status}, 200, 'a client by IPv6';
    is via('six')->{status}, 200, 'a provider by IPv6';
    is via('six', { stream => \1 })->{status}, 200, 'and a stream';
}

$mock->reset;
is join(' ', map { via('group')->{status} } 1 .. 4), '200 200 200 200',
    'a block with zone, least_conn and keepalive';
my @j = $mock->journal;
is scalar(grep { $_->{port} == $mock->port(1) } @j), 4, 'its server is asked';
is scalar(keys %{{ map { $_->{conn} => 1 } @j }}), 1,
    'on one connection, which is kept';

$mock->reset;
is via('spread', { stream => \1 })->{status}, 200, 'a block of two servers'
    for 1 .. 4;
@j = $mock->journal;
is scalar(grep { $_->{port} == $mock->port(0) } @j), 2, 'half for each';

is via('half')->{status}, 200, 'a block with a dead server' for 1 .. 3;
is via('spare')->{status}, 200, 'a block with a backup' for 1 .. 2;
is via('any')->{status}, 200, 'a block with "random"' for 1 .. 4;
is_error(via('none'), 502, '', 'a block of which nobody is there');

for my $how (qw(sticky by_ip)) {
    $mock->idle;
    $mock->reset;
    is join(' ', map { via($how)->{status} } 1 .. 4), '200 200 200 200',
        "a block that chooses by the client: $how";
    $mock->idle;
    is scalar(keys %{{ map { $_->{port} => 1 } $mock->journal }}), 1,
        'chooses the same';
}

$n->stop;
my $log = slurp("$n->{dir}/who.log");

like $log, qr{^HTTP/2.0 /v1/chat/completions 200 "127.0.0.1:\d+" -$}m,
    'the log has the protocol and the address';
is scalar(() = $log =~ m{^HTTP/2.0 .* client_abort$}mg), 3,
    'and who went away';

ends_clean($n);
$mock->stop;

done_testing;
