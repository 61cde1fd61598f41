#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Virtual keys: where clients put them, what they open, and that a refusal
# tells nothing of the reason.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(time);

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $up = '127.0.0.1:' . $mock->port;
my $port = free_port();
my %key = map { $_ => canary("the key \"$_\"", 'sk-client-') }
    qw(good other disabled expired both soon limited pattern);

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
log_format who '\$status [\$ai_key_id] [\$ai_error]';
access_log %%DIR%%/who.log who;
ai_zone gateway 8m;
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }
ai_model gpt-4o-mini { alias mini-* small; target openai gpt-4o-mini; }
ai_model gpt-4.1 { target openai gpt-4.1; }

server {
    listen 127.0.0.1:$port;
    ai_keys keys.json;
    location / { ai_gateway on; }
    location /other/ { ai_gateway on; ai_keys other.json; }
    location /open/ { ai_gateway on; ai_auth none; }
    location /again/ { ai_gateway on; ai_auth keys; }
    location /within/ {
        ai_auth none;
        location /within/locked/ { ai_gateway on; ai_keys other.json; }
        location /within/open/ { ai_gateway on; }
    }
    location = /metrics { ai_metrics; }
}
END

my @gone = (expires => '2020-01-01T00:00:00Z');
my @off = (disabled => \1);
my $expires = int(time) + 2;
my @gmtime = gmtime $expires;

write_keys("$n->{dir}/keys.json",
    { id => 'good', key => $key{good},
        expires => '2099-01-01T00:00:00+02:00' },
    { id => 'logged', key => 'no-secret-at-all' },
    { id => 'disabled', key => $key{disabled}, @off },
    { id => 'expired', key => $key{expired}, @gone },
    { id => 'both', key => $key{both}, @off, @gone },
    { id => 'soon', key => $key{soon}, expires => sprintf
        '%04d-%02d-%02dT%02d:%02d:%02dZ', $gmtime[5] + 1900, $gmtime[4] + 1,
        @gmtime[3, 2, 1, 0] },
    { id => 'limited', key => $key{limited}, allow => ['gpt-4o-mini'] },
    { id => 'pattern', key => $key{pattern}, allow => ['gpt-4*', 'mini-*'] });
write_keys("$n->{dir}/other.json", { id => 'other', key => $key{other} });

$n->start;


sub bearer { return (Authorization => "Bearer $_[0]") }


sub status { return chat($port, {}, @_)->{status} }


# where a key may stand

is status(bearer($key{good})), 200, 'Authorization: Bearer';
is status(Authorization => "bearer $key{good}"), 200, 'its scheme in any case';
is status($_ => $key{good}), 200, $_
    for qw(x-api-key X-API-Key api-key x-goog-api-key);
is status(Authorization => "Basic $key{good}"), 401, 'no other scheme';
is status(Authorization => 'Basic eDp5', 'x-api-key' => $key{good}), 200,
    'a header beside that of another scheme';
is status(Authorization => $key{good}), 401, 'nor none';
is status('x-api-key' => "Bearer $key{good}"), 401, 'nor one where none is';
is status('key' => $key{good}), 401, 'nor another header';
is ask($port, POST => '/v1/chat/completions?key=no-secret-at-all',
    chat_body())->{status}, 401, 'nor in the URL';
is status(bearer("$key{good}x")), 401, 'not a longer one';
is status(bearer(substr $key{good}, 0, -1)), 401, 'not a shorter one';
is status(bearer(uc $key{good})), 401, 'not in another case';
is status(bearer(sha256_hex($key{good}))), 401, 'not the digest';
is status(bearer($key{other}), 'x-api-key' => $key{good}), 401,
    'the first one counts';

# all refusals are one

my %r = (missing => chat($port), map({ $_ => chat($port, {},
    bearer($key{$_})) } qw(disabled expired both)), other => chat($port, {},
    bearer($key{other})), wrong => chat($port, {}, bearer('x')),
    empty => chat($port, {}, Authorization => 'Bearer '),
    long => chat($port, {}, bearer('x' x 7000)),
    odd => chat($port, {}, bearer(qq({"*'\\\x01\xff\$()))));

is_error($r{missing}, 401, '', 'no key');

for (sort keys %r) {
    is $r{$_}{raw} =~ s/^x-request-id: .*?\r\n//mr =~ s/^Date: .*?\r\n//mr,
        $r{missing}{raw} =~ s/^x-request-id: .*?\r\n//mr
        =~ s/^Date: .*?\r\n//mr, "a key that is $_ has the same answer";
}

$mock->idle;
is scalar(grep { $_->{status} != 200 } $mock->journal), 0,
    'none of them came to the provider';

# nor does the time

my @kinds = ([missing => ''], [wrong => 'sk-' . 'x' x 42],
    map { [$_ => $key{$_}] } qw(disabled expired));
my %took;
my $c = AIGateway::Client->new(port => $port);

for my $i (1 .. 500) {
    for my $kind ($i % 2 ? @kinds : reverse @kinds) {
        my ($name, $k) = @$kind;
        $c->write(AIGateway::Client::request(GET => '/v1/models', undef,
            $k ne '' ? ('x-api-key' => $k) : ('x-other' => 'x' x 42)));
        $c->response(5);
        push @{ $took{$name} }, (time - $c->{wrote}) * 1e6;
    }
}

$c->close;
my %median = map { $_ => (sort { $a <=> $b } @{ $took{$_} })[250] } keys %took;

for (qw(disabled expired)) {
    cmp_ok abs($median{$_} - $median{wrong}), '<', 25 + 0.2 * $median{wrong},
        sprintf 'a refusal takes as long, %s: %.0f us, wrong: %.0f us', $_,
        $median{$_}, $median{wrong};
}

# which gateway

is ask($port, POST => "/other$_", chat_body(), bearer($key{other}))->{status},
    200, 'a location with keys of its own' for '/v1/chat/completions';
is ask($port, POST => '/other/v1/chat/completions', chat_body(),
    bearer($key{good}))->{status}, 401, 'does not know those around it';
is ask($port, POST => '/open/v1/chat/completions', chat_body())->{status}, 200,
    'ai_auth none is open';
is ask($port, POST => '/again/v1/chat/completions', chat_body())
    ->{status}, 401, 'ai_auth keys is not';

is ask($port, POST => '/within/open/v1/chat/completions', chat_body())
    ->{status}, 200, 'ai_auth none is inherited';
is ask($port, POST => '/within/locked/v1/chat/completions', chat_body())
    ->{status}, 401, 'but not where there are keys';

for (['/v1/nothing', 'an unknown route'], ['/v1/models', 'the list of models'],
    ['/v1/files/x', 'a file'], ['/', 'no route'])
{
    is ask($port, GET => $_->[0])->{status}, 401, "$_->[1] has the same door";
}

# before the body

$c = AIGateway::Client->new(port => $port);
my $head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: "
    . "application/json\r\nContent-Length: 1000\r\n";

$c->write("$head\r\n");
my $r = $c->response(3);
is $r->{status}, 401, 'a refusal comes without the body';
cmp_ok $r->{first}, '<', 0.5, 'at once';
$c->close;

$c = AIGateway::Client->new(port => $port);
$c->write("${head}Expect: 100-continue\r\n\r\n");
$c->read_for(0.2);
like $c->{in}, qr/^HTTP\/1.1 401 /, 'and without "100 Continue"';
$c->close;

$c = AIGateway::Client->new(port => $port);
$c->write("${head}Expect: 100-continue\r\nx-api-key: $key{good}\r\n\r\n");
$c->read_for(0.2);
is $c->{in}, "HTTP/1.1 100 Continue\r\n\r\n", 'which who has a key gets';
$c->close;

# what a key opens

for (['limited', 'gpt-4o-mini', 200], ['limited', 'gpt-4.1', 403],
    ['limited', 'small', 403], ['limited', 'openai/gpt-4o-mini', 403],
    ['limited', 'gpt-4o-mini-x', 403], ['pattern', 'gpt-4.1', 200],
    ['pattern', 'gpt-4o-mini', 200], ['pattern', 'mini-x', 200],
    ['pattern', 'small', 403], ['good', 'small', 200])
{
    my ($who, $model, $status) = @$_;
    my $r = chat($port, { model => $model }, bearer($key{$who}));

    $status == 200 ? is $r->{status}, 200, "$who may use $model"
        : is_error($r, 403, 'model', "$who may not use $model");
}

is_error(ask($port, POST => '/v1/responses', '{"input":"x"}',
    bearer($key{limited})), 400, 'model',
    'a key with a list must name a model');

my $list = sub {
    my $r = ask($port, GET => '/v1/models', undef, bearer($key{$_[0]}));
    return join ' ', $r->{body} =~ /"id":"([^"]+)"/g;
};

is $list->('good'), 'gpt-4o-mini small gpt-4.1', 'a key sees all models';
is $list->('limited'), 'gpt-4o-mini', 'or those on its list';
is $list->('pattern'), 'gpt-4o-mini gpt-4.1', 'or that its patterns match';
is_error(ask($port, GET => '/v1/models/gpt-4.1', undef,
    bearer($key{limited})), 404, 'model',
    'one that it may not use is not there');
is ask($port, GET => '/v1/models/gpt-4o-mini', undef, bearer($key{limited}))
    ->{status}, 200, 'one that it may use is';

# the end of a key

my $before = status(bearer($key{soon}));
ok $before == 200 || time >= $expires, 'a key that has not yet expired';
select undef, undef, undef, 0.1 while time < $expires + 1;
is status(bearer($key{soon})), 401, 'has expired then';

my $metrics = ask($port, GET => '/metrics')->{body};

for (['missing', 10], ['unknown', 10], ['disabled', 2], ['expired', 2],
    ['model', 5])
{
    my ($reason, $n) = @$_;
    my ($found) = $metrics
        =~ /^ai_gateway_auth_failures_total\{reason="$reason"\} (\d+)$/m;

    cmp_ok $found, '>=', $n, "refusals are counted: $reason";
}

$n->stop;
my $log = slurp("$n->{dir}/who.log");

like $log, qr/^200 \[good\] \[-\]$/m, 'the log names the key by its id';
like $log, qr/^401 \[disabled\] \[unauthorized\]$/m,
    'one that is disabled too, for the operator';
like $log, qr/^401 \[-\] \[unauthorized\]$/m, 'and no key that it knows not';

ends_clean($n);

# many keys

my $many = free_port();
my $big = Nginx->new(mock => $mock, http => <<"END");
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }
server {
    listen 127.0.0.1:$many;
    location / { ai_gateway on; ai_keys keys.json; }
}
END

write_keys("$big->{dir}/keys.json", map { { key => "many-$_", owner => "o$_",
    allow => ['gpt-4o-mini', 'x-*'] } } 1 .. 10000);

my $start = time;
$big->start;
cmp_ok time - $start, '<', 5, '10,000 keys are read in no time';

is join(' ', map { chat($many, {}, 'x-api-key' => "many-$_")->{status} } 0, 1,
    4999, 10000, 10001), '401 200 200 200 401', 'and each is known';

ends_clean($big, name => 'with 10,000 keys: a clean ending');
$mock->stop;

done_testing;
