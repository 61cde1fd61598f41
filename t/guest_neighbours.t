#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A gateway in one location leaves all other locations as they were.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $up = '127.0.0.1:' . $mock->port;
my $key = canary('a client key', 'sk-client-');
my ($port, $apart) = (free_port(), free_port());

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
log_format who '\$uri \$status [\$ai_request_id] [\$ai_model] [\$ai_attempts]';
access_log %%DIR%%/who.log who;
ai_zone gateway 8m;
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }

server {
    listen 127.0.0.1:$port;
    root %%DIR%%/root;

    location / { }
    location /llm/ { ai_gateway on; ai_keys keys.json; }
    location /mock/ { proxy_pass http://$up/; }
    location /dead/ { proxy_pass http://127.0.0.1:1; }
    location /said { return 401 "no\\n"; }
    location /denied { deny all; }
    location /small { client_max_body_size 10; proxy_pass http://$up/; }
    location /paged {
        error_page 404 /page.html;
        return 404;
    }
    location = /metrics { ai_metrics; }
    location = /health { ai_health live; }
    location = /ready { ai_health ready; }
    location /llm/inner/ { root %%DIR%%/root; }
}

server {
    listen 127.0.0.1:$apart;
    root %%DIR%%/root;
}
END

mkdir "$n->{dir}/root";
mkdir "$n->{dir}/root/$_" for qw(v1 llm llm/inner);
spew("$n->{dir}/root/$_", "a file\n") for qw(page.html v1/models
    llm/inner/page.html);
write_keys("$n->{dir}/keys.json", { key => $key });
$n->start;


sub is_html {
    my ($r, $status, $name) = @_;

    ok $r->{status} == $status && $r->{body} =~ /^<html>/
        && $r->{header}{'content-type'} eq 'text/html'
        && !grep({ /^x-request-id$|^x-ai-/ } keys %{ $r->{header} }), $name
        or diag($r->{raw});
    return;
}


my @auth = (Authorization => "Bearer $key");

is ask($port, POST => '/llm/v1/chat/completions', chat_body(), @auth)
    ->{status}, 200, 'the gateway answers';
is_error(ask($port, POST => '/llm/v1/chat/completions', chat_body()), 401, '',
    'and it has a door');

is ask($port, GET => '/page.html')->{body}, "a file\n", 'a file is a file';
is ask($port, GET => '/v1/models')->{body}, "a file\n",
    'even with the name of a route';
is ask($port, GET => '/llm/inner/page.html')->{body}, "a file\n",
    'even within the gateway, in a location of its own';
is ask($port, GET => '/mock/v1/models')->{status}, 200, 'proxy_pass passes';
is ask($port, GET => '/said')->{body}, "no\n", 'what is returned is returned';
is ask($port, GET => '/paged')->{body}, "a file\n",
    'a page for errors is that page';

is_html(ask($port, GET => '/nothing'), 404, 'a 404 is HTML');
is_html(ask($port, GET => '/denied'), 403, 'a 403 is HTML');
is_html(ask($port, GET => '/dead/'), 502, 'a 502 is HTML');
is_html(ask($port, POST => '/page.html', 'x'), 405, 'a 405 is HTML');
is_html(ask($port, POST => '/small', 'x' x 20), 413, 'a 413 is HTML');
is_html(ask($port, POST => '/health', ''), 405,
    'a 405 of the page of health is HTML');
is_html(ask($port, GET => '/v1/nothing'), 404, 'a 404 below /v1 too');

is ask($port, GET => '/metrics')->{header}{'content-type'},
    'text/plain; version=0.0.4', 'metrics are metrics';
is ask($port, GET => $_)->{body}, qq({"status":"ok"}\n), "$_ is ok"
    for qw(/health /ready);
is ask($port, HEAD => $_)->{status}, 200, "$_ has a head"
    for qw(/health /ready /metrics);

is_html(ask($apart, GET => '/nothing'), 404,
    'a 404 of another server is HTML');
is ask($apart, GET => '/llm/v1/models')->{status}, 404,
    'the gateway is not in another server';

# a request that can't be read has no location yet

for my $bad ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "\x16\x03\x01\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nX: " . 'x' x 40000 . "\r\n\r\n")
{
    for ([$port, 'of a server with a gateway is JSON'],
        [$apart, 'of another server is HTML'])
    {
        my ($to, $name) = @$_;
        my $c = AIGateway::Client->new(port => $to);
        $c->write($bad);
        my $r = $c->response;
        my $what = 'a 400 for ' . (substr($bad, 0, 20) =~ s/[^ -~]/./gr);

        $to == $port ? is_error($r, 400, '', "$what $name")
            : is_html($r, 400, "$what $name");
    }
}

my @others = grep { !m{^/llm/v1| 400 } } split /\n/,
    slurp("$n->{dir}/who.log");

cmp_ok scalar(@others), '>', 15, 'the log is there';
is join("\n", grep { !/ \[-\] \[-\] \[-\]$/ } @others), '',
    'and no variable has a value elsewhere';

ends_clean($n);
$mock->stop;

done_testing;
