#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A reload: what is open goes on, what is new is read, nothing is lost and
# nobody is left behind.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start(listeners => 2,
    args => ['--listen', '127.0.0.1:0,127.0.0.1:0']);
my ($up, $up2) = map { 'http://127.0.0.1:' . $mock->port($_) . '/v1' } 0, 1;
my ($key, $new_key) = map { canary("client key $_", 'sk-client-') } 1, 2;
my ($own, $new_own) = map { canary("provider key $_") } 1, 2;
my @key = (Authorization => "Bearer $key");
my $port = free_port();

my $http = <<"END";
log_format who '\$status \$ai_error \$ai_finish';
access_log %%DIR%%/who.log who;
ai_zone gateway 8m;
ai_provider openai { url $up; key file:key; }
server {
    listen 127.0.0.1:$port;
    location / { ai_gateway on; ai_keys keys.json; }
    location = /metrics { ai_metrics; }
}
END

my $n = Nginx->new(mock => $mock, workers => 2, http => $http);

spew("$n->{dir}/key", $own);
chmod 0600, "$n->{dir}/key";
write_keys("$n->{dir}/keys.json", { key => $key });
$n->start;


sub metric {
    my ($name) = @_;
    my $sum = 0;

    $sum += $_ for ask($port, GET => '/metrics')->{body}
        =~ /^$name(?:\{.*\})? (\S+)$/mg;
    return $sum;
}


# A client has its reply a moment before it is counted, by another worker
# than that which is asked.
sub requests {
    $n->wait_for(sub { metric('ai_gateway_in_flight') == 0 });
    return metric('ai_gateway_requests_total');
}


sub streams {
    my ($n, $mock) = @_;

    return map {
        my $c = AIGateway::Client->new(port => $port);
        $c->write(AIGateway::Client::request(POST => '/v1/chat/completions',
            chat_body({ stream => \1, mock => $mock }), @key,
            'Content-Type' => 'application/json'));
        $c;
    } 1 .. $n;
}


sub finished {
    my ($body) = @_;

    return $body =~ /\n\ndata: \[DONE\]\n\n\z/;
}


# streams go on

my @streams = streams(50, 'events=40,gap=30');
$_->read_until(qr/data: /) for @streams;
is metric('ai_gateway_in_flight\{kind="streams"\}'), 50, '50 streams are open';

my @old = $n->workers;
ok $n->reload, 'a reload';
is scalar(grep { Nginx::alive($_) } @old), 2, 'old workers are still there';
is chat($port, {}, @key)->{status}, 200, 'new ones are too';
is metric('ai_gateway_in_flight\{kind="streams"\}'), 50,
    'they know of the streams';

my @ends = map { $_->response(10) } @streams;
is scalar(grep { $_->{complete} && finished($_->{body}) } @ends), 50,
    'all streams have their good end';
$_->close for @streams;
ok $n->wait_for(sub { !grep { Nginx::alive($_) } @old }, 3),
    'and the old workers have gone';
is requests(), 51, 'all are counted';
is metric('ai_gateway_in_flight'), 0, 'and none is open';

# connections that wait for the next request keep nobody

is chat($port, {}, @key)->{status}, 200, 'a connection to the provider is kept'
    for 1 .. 4;
my $idle = AIGateway::Client->new(port => $port);
$idle->write(AIGateway::Client::request(GET => '/v1/models', undef, @key));
is $idle->response->{status}, 200, 'and one of a client';

@old = $n->workers;
my $start = time;
$n->reload;
ok $n->wait_for(sub { !grep { Nginx::alive($_) } @old }, 3),
    'idle connections keep no worker';
cmp_ok time - $start, '<', 2, 'not even for a while';
$idle->close;

# ten of them, with requests all the time

my $before = requests();

pipe my $in, my $out;
my $load = fork // die "fork: $!";

if ($load == 0) {
    close $in;
    my (%seen, $stop);
    local $SIG{TERM} = sub { $stop = 1 };
    until ($stop) {
        my $stream = rand() < 0.3;
        my $r = eval { chat($port, $stream ? { stream => \1 } : {}, @key) };
        $seen{$r && $r->{status} == 200 && $r->{complete}
            && (!$stream || finished($r->{body})) ? 'good' : 'bad'}++;
    }
    printf $out "%d %d\n", $seen{good} // 0, $seen{bad} // 0;
    close $out;
    require POSIX;
    POSIX::_exit(0);
}

close $out;
my %workers = map { $_ => 1 } $n->workers;

for (1 .. 10) {
    $n->reload or fail('a reload under load');
    $workers{$_} = 1 for $n->workers;
}

kill 'TERM', $load;
my ($good, $bad) = split ' ', <$in>;
waitpid $load, 0;

cmp_ok $good, '>', 50, "ten reloads with requests all the time: $good";
is $bad, 0, 'none of which failed';
is requests() - $before, $good, 'none is lost';
delete @workers{$n->workers};
ok $n->wait_for(sub { !grep { Nginx::alive($_) } keys %workers }, 3),
    'all old workers have gone';

# keys are read anew

@streams = streams(1, 'events=20,gap=30');
$streams[0]->read_until(qr/data: /);
write_keys("$n->{dir}/keys.json", { key => $new_key });
spew("$n->{dir}/key", $new_own);
is chat($port, {}, @key)->{status}, 200, 'a key counts until the reload';
$n->reload;
is chat($port, {}, @key)->{status}, 401, 'then no more';
$mock->idle;
$mock->reset;
is chat($port, {}, Authorization => "Bearer $new_key")->{status}, 200,
    'the new one does';
$mock->idle;
my ($used) = map { $_->[1] } grep { $_->[0] eq 'Authorization' }
    map { @{ $_->{headers} } } $mock->journal;
is $used, 'Bearer ' . AIGateway::Mock::mark($new_own),
    'the provider gets its new one';
ok finished($streams[0]->response->{body}),
    'a stream that began with the old one ends well';
$_->close for @streams;

# what can't be read changes nothing

spew("$n->{dir}/keys.json", '{"keys":[');
$n->signal('HUP');
ok $n->wait_for(sub { $n->log =~ /\[emerg\].*keys\.json:1: / }),
    'a broken file of keys is refused';
is chat($port, {}, Authorization => "Bearer $new_key")->{status}, 200,
    'and the old one counts';
write_keys("$n->{dir}/keys.json", { key => $key });

# another number of workers, another provider, another zone

$before = requests();
ok $n->reload(workers => 3), 'one worker more';
is scalar($n->workers), 3, 'three of them';
is chat($port, {}, @key)->{status}, 200, "answer $_" for 1 .. 6;
is requests(), $before + 6, 'and count';

ok $n->reload(workers => 1, http => $http =~ s/\Q$up\E/$up2/r),
    'another address';
$mock->idle;
$mock->reset;
is chat($port, {}, @key)->{status}, 200, 'is asked';
$mock->idle;
is +($mock->journal)[0]{port}, $mock->port(1), 'from then on';

ok $n->reload(http => $http =~ s/gateway 8m/gateway 16m/r), 'another size';
is chat($port, {}, @key)->{status}, 200, 'is no problem';
is requests(), 1, 'but for what was counted';

ok $n->reload(http => "server { listen 127.0.0.1:$port; }"),
    'no gateway any more';
is ask($port, GET => '/v1/models')->{status}, 404, 'is one that is gone';
ok $n->reload(http => $http), 'and it comes back';
is chat($port, {}, @key)->{status}, 200, 'as it was';

ends_clean($n);
$mock->stop;

done_testing;
