#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Processes end and are replaced in all the ways that nginx knows: what is
# open has an end that clients can tell, and the others do not notice.

use strict;
use warnings;

use File::Basename qw(dirname);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $up = 'http://127.0.0.1:' . $mock->port . '/v1';
my $key = canary('a client key', 'sk-client-');
my @key = (Authorization => "Bearer $key");
my $port = free_port();

# USR2 starts what was started, without a search for it
chomp(my $nginx = $ENV{TEST_NGINX_BINARY}
    || `PATH="\$PATH:/usr/sbin" command -v nginx`);
$ENV{TEST_NGINX_BINARY} = $nginx;

$ENV{OPENAI_API_KEY} = canary('the provider key');


sub gateway {
    my (%opt) = @_;
    my $n = Nginx->new(mock => $mock, workers => 2, http => <<"END", %opt);
log_format who '\$status \$ai_error';
access_log %%DIR%%/who.log who;
ai_zone gateway 8m;
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
ai_provider filed { type openai; url $up; key file:key; }
ai_model later { target lost x; retry 3 backoff=30s..60s; }
ai_provider lost { type openai; url http://127.0.0.1:1; }
server {
    listen 127.0.0.1:$port;
    location / { ai_gateway on; ai_keys keys.json; }
    location = /metrics { ai_metrics; }
}
END

    write_keys("$n->{dir}/keys.json", { key => $key });
    spew("$n->{dir}/key", $ENV{OPENAI_API_KEY});
    chmod 0600, "$n->{dir}/key", "$n->{dir}/keys.json";
    return $n;
}


sub send_chat {
    my ($more) = @_;
    my $c = AIGateway::Client->new(port => $port);

    $c->write(AIGateway::Client::request(POST => '/v1/chat/completions',
        chat_body({ model => 'openai/m', %$more }), @key,
        'Content-Type' => 'application/json'));
    return $c;
}


sub stream {
    my ($mock) = @_;
    my $c = send_chat({ stream => \1, mock => $mock });

    $c->read_until(qr/data: .*\n\n/);
    return $c;
}


sub finished {
    my ($r) = @_;

    return $r->{complete} && $r->{body} =~ /\n\ndata: \[DONE\]\n\n\z/ ? 1 : 0;
}


sub status { return chat($port, { model => 'openai/m', @_ }, @key)->{status} }


sub in_flight {
    my ($kind) = @_;
    my ($n) = ask($port, GET => '/metrics')->{body}
        =~ /^ai_gateway_in_flight\{kind="$kind"\} (\d+)$/m;

    return $n;
}


# a quiet end

my $n = gateway(main => 'user daemon;')->start;

is join(' ', map { (stat "/proc/$_")[4] } $n->workers),
    join(' ', ((getpwnam 'daemon')[2]) x 2), 'workers are who they should be';
is chat($port, { model => 'filed/m' }, @key)->{status}, 200,
    'a key that only root can read is read all the same';

my @c = map { stream('events=30,gap=30') } 1 .. 10;
my $start = time;
$n->signal('QUIT');
is scalar(grep { finished($_->response) } @c), 10,
    'nginx -s quit: streams have their good end';
$_->close for @c;
ok defined $n->stop, 'and nginx has one';
cmp_ok time - $start, '<', 3, 'then';
ends_clean($n, name => 'nginx -s quit: a clean ending');

# one with a limit

for my $what ('a stream', 'a stream that stalls', 'a reply', 'a retry') {
    $n = gateway(main => 'worker_shutdown_timeout 300ms;')->start;
    my $c = $what eq 'a reply' ? send_chat({ mock => 'delay=20000' })
        : $what eq 'a retry' ? send_chat({ model => 'later' })
        : stream($what eq 'a stream' ? 'events=200,gap=50' : 'stall=e3');
    $n->wait_for(sub { in_flight('requests') });

    $start = time;
    $n->signal('QUIT');
    my $r = $c->response(5);
    ok $r->{end} && !$r->{complete} && $r->{body} !~ /\[DONE\]/,
        "worker_shutdown_timeout: $what is cut";
    ok defined $n->stop, 'nginx ends';
    cmp_ok time - $start, '<', 3, 'in time';
    $c->close;
    $mock->idle;
    ends_clean($n, name => "worker_shutdown_timeout, $what: a clean ending");
}

# an end at once

$n = gateway()->start;
my $c = stream('events=200,gap=50');
$start = time;
$n->signal('TERM');
my $r = $c->response(5);
ok $r->{end} && !$r->{complete}, 'nginx -s stop cuts a stream';
ok defined $n->stop('TERM'), 'nginx ends';
cmp_ok time - $start, '<', 2, 'at once';
$c->close;
$mock->idle;
ends_clean($n, name => 'nginx -s stop: a clean ending');

# a worker dies

$n = gateway()->start;
my %fds = map { $_ => Nginx::open_fds($_) } $n->workers;
@c = map { stream('events=40,gap=30') } 1 .. 20;
is in_flight('streams'), 20, '20 streams are open';
my ($victim) = sort { Nginx::open_fds($b) <=> Nginx::open_fds($a) } $n->workers;
my $had = (Nginx::open_fds($victim) - $fds{$victim}) / 2;
kill 'KILL', $victim;
ok $n->wait_for(sub { $n->workers == 2
    && !grep { $_ == $victim } $n->workers }), 'a worker that dies is replaced';
is status(), 200, "another one answers" for 1 .. 4;
my @r = map { $_->response(10) } @c;
my $cut = grep { $_->{end} && !$_->{complete} && $_->{body} !~ /\[DONE\]/ } @r;
is $cut, $had, "its streams are cut: $had";
is scalar(grep { finished($_) } @r), 20 - $had, 'those of the others are not';
$_->close for @c;
$mock->idle;
ok $n->wait_for(sub { !in_flight($_) }), "nothing is counted as open: $_"
    for qw(requests streams upstreams);
ends_clean($n, name => 'a dead worker: a clean ending',
    allow => [qr/exited on signal 9/]);

# another binary

# it gets the key, and what a sanitizer is told, if nginx was made with one
$n = gateway(main => join ' ', map { "env $_;" } qw(OPENAI_API_KEY ASAN_OPTIONS
    LSAN_OPTIONS UBSAN_OPTIONS))->start;
$c = stream('events=40,gap=40');
my $old = $n->pid;
$n->signal('USR2');
ok $n->wait_for(sub { -s "$n->{dir}/nginx.pid.oldbin" && $n->pid
    && $n->pid != $old && $n->workers == 2 }, 10),
    'USR2: a new nginx is there';
my $new = $n->pid;
is status(), 200, "USR2: both answer" for 1 .. 6;
kill 'WINCH', $old;
ok $n->wait_for(sub { Nginx::children($old) <= 2 }), 'WINCH';
is status(), 200, "USR2: the new one answers" for 1 .. 4;
ok finished($c->response(10)), 'USR2: a stream of the old one ends well';
$c->close;
kill 'QUIT', $old;
ok $n->wait_for(sub { !Nginx::alive($old) }), 'USR2: the old one goes';
is status(), 200, 'USR2: the new one stays';
ok $n->reload, 'USR2: and can be reloaded, with its key';
is status(), 200, 'USR2: to the same end';
ends_clean($n, name => 'USR2: a clean ending');

# no daemon, no master

for (['daemon off;', 2], ['daemon off; master_process off;', 0]) {
    my ($main, $workers) = @$_;

    $n = gateway(main => $main, workers => $workers || 1);
    is +($n->check_conf)[0], 0, "$main: nginx -t";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$n->{dir}/stdout";
        open STDERR, '>&', \*STDOUT;
        exec $nginx, '-p', "$n->{dir}/", '-e', "$n->{dir}/error.log", '-c',
            "$n->{dir}/nginx.conf" or POSIX::_exit(127);
    }

    ok $n->wait_for(sub { ($n->pid // 0) == $pid
        && $n->workers == $workers && eval { status() } }), "$main it runs";
    is status(), 200, "$main it answers" for 1 .. 3;
    my $c = stream('events=20,gap=20');
    is in_flight('streams'), 1, "$main it counts";
    kill 'QUIT', $pid;

    # without a master nginx takes QUIT for TERM
    is finished($c->response), $workers ? 1 : 0, "$main it ends a stream";
    $c->close;
    waitpid $pid, 0;
    is $?, 0, "$main it ends";
    $mock->idle;
    ends_clean($n, name => "$main a clean ending");
}

# a new log

$n = gateway()->start;
status();
rename "$n->{dir}/who.log", "$n->{dir}/old.log";
$n->signal('USR1');
ok $n->wait_for(sub { -e "$n->{dir}/who.log" }), 'USR1: a new log';
status();
ok $n->wait_for(sub { slurp("$n->{dir}/who.log") eq "200 -\n" }), 'is written';
ends_clean($n, name => 'USR1: a clean ending');
$mock->stop;

done_testing;
