#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# The test library keeps its word: above all, that its checks do fail.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(sleep time);

use lib dirname(__FILE__);

BEGIN { $ENV{AI_MODULE} = '' }      # stock nginx will do

use AIGateway::Certs;
use AIGateway::Checks qw(canary free_port log_complaints sanitizer_complaints
    spew text_complaints);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $dir = tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = canary('a test key');
my $mark = AIGateway::Mock::mark($secret);


sub complaints_about {
    spew("$dir/log", shift);
    return scalar(() = log_complaints("$dir/log", @_));
}


is complaints_about("1 [error] quiet\n"), 0, 'a log without fault passes';
is complaints_about("1 [alert] 2#2: bad\n"), 1, 'an [alert] does not';
is complaints_about("1 [alert] 2#2: bad\n", allow => [qr/bad/]), 0,
    'but for one that was provoked';
is complaints_about("1 [alert] *5 open socket #7 left\n", allow => [qr/open/]),
    1, 'an open socket is never allowed';
is complaints_about("==1==ERROR: AddressSanitizer: heap\n"), 1,
    'a sanitizer line is found';
is complaints_about("src/x.c:1:2: runtime error: shift\n"), 1,
    'a line of UBSAN is found';
is complaints_about("src/core/ngx_string.c:586:5: runtime error: null pointer"),
    0, 'but for the one about nginx';
is complaints_about("1 [info] key $secret\n"), 1, 'a secret in a log is found';
unlike((log_complaints("$dir/log"))[0], qr/$secret/, 'and not repeated');
is complaints_about(qq{1 [debug] 2#2: *1 http header: "A: $secret"\n}), 0,
    'nginx itself may show a header at the debug level';
is complaints_about(qq{1 [info] 2#2: *1 http header: "A: $secret"\n}), 1,
    'but at no other';
is complaints_about("2026/01/02 1 [debug] *1 http proxy header:\nA: $secret\n"
    . "2026/01/02 1 [debug] *1 x\n"), 0, 'nor is its proxy module our fault';
is complaints_about("2026/01/02 1 [debug] *1 http proxy header:\nA: b\n"
    . "2026/01/02 1 [debug] *1 $secret\n"), 1, 'what comes after it is';
is scalar(() = text_complaints('x', "..$secret..")), 1,
    'a secret in a response is found';
is scalar(() = text_complaints('x', 'nothing')), 0, 'its absence too';

{
    local $ENV{ASAN_OPTIONS} = "a=1:log_path=$dir/asan";
    is scalar(() = sanitizer_complaints()), 0, 'no report of a sanitizer';
    spew("$dir/asan-t.77", "x\nERROR: AddressSanitizer: y\n");
    is scalar(() = sanitizer_complaints()), 1, 'a report of one is found';
}

my $certs = AIGateway::Certs::make("$dir/certs");
my $mock = AIGateway::Mock->start(listeners => 2, args => ['--listen',
    '127.0.0.1:0,tls:127.0.0.1:0', '--tls', "$certs/good.pem",
    "$certs/good.key"]);
my $port = free_port();
isnt free_port(), $port, 'a free port is given once';

my $n = Nginx->new(mock => $mock, workers => 2, http => <<"END");
proxy_buffering off;
proxy_http_version 1.1;
server {
    listen 127.0.0.1:$port;
    location / { proxy_pass http://127.0.0.1:@{[ $mock->port ]}; }
    location = /version { return 200 one; }
}
END

is(($n->check_conf)[0], 0, 'nginx -t');
$n->start;
is scalar($n->workers), 2, 'two workers';

my $body = '{"model":"m","stream":true,"messages":[{"role":"user",'
    . '"content":"hi"}]}';
my $ask = sub {
    AIGateway::Client::request('POST', "/~$_[0]/v1/chat/completions", $body,
        Authorization => "Bearer $secret", 'X-Request-Id' => $_[1] // 'a')
};

my $c = AIGateway::Client->new(port => $port);
$c->write($ask->('delay=100,gap=30,events=5'));
my $r = $c->response;
is $r->{status}, 200, 'a client gets a response';
ok $r->{complete} && $r->{body} =~ /\[DONE\]\n\n$/, 'all of it';
ok $r->{first} > 0.09 && $r->{last} - $r->{first} > 0.15,
    "with its times ($r->{first}, $r->{last})";

$c->write("GET /version HTTP/1.1\r\nHost: x\r\n\r\n" x 2);
is join(' ', map { $c->response->{body} } 1, 2), 'one one',
    'responses to pipelined requests come one by one';
$c->trickle($ask->('status=429'), 7, 0.001);
is $c->response->{status}, 429, 'a request in small pieces';

$c->write($ask->('cut=e2'));
$r = $c->response;
ok !$r->{complete} && $r->{end}, 'a truncated response is not complete';
$c->close;

$c = AIGateway::Client->new(port => $port);
$c->write($ask->('stall=e1', 'stalled'));
ok $c->read_until(qr/"role"/, 2), 'read_until';
is $mock->stats->{in_flight}, 1, 'the mock tells what is in flight';
is $mock->idle(0.1), 0, 'and is not at rest';
like +($mock->complaints)[0], qr/1 requests in flight/,
    'a request left open is found';
$c->abort;
ok $mock->idle, 'until the client aborts';
my ($line) = grep { $_->{id} eq 'stalled' } $mock->journal;
is $line->{ended}, 'stalled', 'the journal has it';
is +(grep { $_->[0] eq 'Authorization' } @{ $line->{headers} })[0][1],
    "Bearer $mark", 'and the mark of its key';

$c = AIGateway::Client->new(port => $mock->port(1), tls => {
    SSL_ca_file => "$certs/ca.pem", SSL_verify_mode => 1,
    SSL_hostname => 'mock.test', SSL_verifycn_name => 'mock.test',
    SSL_verifycn_scheme => 'http' });
$c->write("GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
is $c->response->{status}, 200, 'TLS, with the test authority';
$c->close;

for my $name (qw(other expired self)) {
    my $bad = AIGateway::Mock->start(args => ['--tls', "$certs/$name.pem",
        "$certs/$name.key"]);
    ok !eval { AIGateway::Client->new(port => $bad->port, tls => {
        SSL_ca_file => "$certs/ca.pem", SSL_verify_mode => 1,
        SSL_hostname => 'mock.test', SSL_verifycn_name => 'mock.test',
        SSL_verifycn_scheme => 'http' }) }, "and not with $name.pem";
}

my ($worker) = $n->workers;
ok Nginx::rss_kb($worker) > 1000 && Nginx::open_fds($worker) > 5
    && Nginx::cpu_ticks($worker) >= 0, 'what /proc tells of a worker';
kill 'KILL', $worker;
ok $n->wait_for(sub { !grep({ $_ == $worker } $n->workers)
    && $n->workers == 2 }), 'a killed worker is replaced';

my $http = $n->{http} =~ s/200 one/200 two/r;
ok $n->reload(http => $http), 'reload';
$c = AIGateway::Client->new(port => $port);
$c->write("GET /version HTTP/1.1\r\nHost: x\r\n\r\n");
is $c->response->{body}, 'two', 'the new configuration answers';
$c->close;

$n->saw("a page with $secret");
my @complaints = $n->complaints;
is scalar(grep { /\[alert\].*exited on signal 9/ } @complaints), 1,
    'the end: the [alert] of the killed worker is found';
is scalar(grep { /a response contains a secret/ } @complaints), 1,
    'the end: the secret that left is found';
is scalar(@complaints), 2, 'the end: and nothing else';
is $n->pid, undef, 'nginx has gone';

$n->{saw} = [];
$n->done(allow => [qr/exited on signal 9/]);

$mock->stop;
is +($mock->complaints)[0], 'the mock is gone', 'a dead mock is found';

done_testing;
