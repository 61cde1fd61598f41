#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Tokens of a service account: fetched once for all who need them, renewed
# before they expire, and when none can be had, a fault like any other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use AIGateway::Certs;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Engine;
use AIGateway::Mock;

my $dir = File::Temp::tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $json = JSON::PP->new->canonical;

chmod 0755, $dir;
AIGateway::Certs::make("$dir/certs");

for my $name (qw(account stranger)) {
    system("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"
        . " -out $dir/$name.pem 2>$dir/openssl.log"
        . " && openssl pkey -in $dir/$name.pem -pubout -out $dir/$name.pub")
        == 0 or die 'openssl: ' . slurp("$dir/openssl.log");
}

# one that is a cloud of each kind: its tokens come from its own doors
sub cloud {
    return AIGateway::Mock->start(program => 'cloud.js', listeners => 2,
        args => ['--listen', '127.0.0.1:0,tls:127.0.0.1:0',
        '--tls', "$dir/certs/good.pem", "$dir/certs/good.key",
        '--google', "$dir/account.pub"]);
}

my $cloud = cloud();
my %port = (clear => $cloud->port(0), tls => $cloud->port(1));

spew("$dir/zone", "mock.test=127.0.0.1\nother.test=127.0.0.1\n"
    . "two.test=127.0.0.9;127.0.0.1\nnone.test=nxdomain\n");
my $dns = AIGateway::Mock->start(program => 'dns.js', args => ['--zone-file',
    "$dir/zone"]);
my $proxy = AIGateway::Mock->start(program => 'connect-proxy.js', args => [
    '--journal', "$dir/proxy.log", '--user', 'user:pass',
    '--map', "mock.test:443=127.0.0.1:$port{tls}",
    '--map', "mock.test:80=127.0.0.1:$port{clear}"]);
my $deny = AIGateway::Mock->start(program => 'connect-proxy.js',
    args => ['--recipe', 'status=403']);
my ($full, @queue) = AIGateway::Engine::full_port();
my $dead = free_port();

$ENV{PROXY_USER} = 'user:pass';

# The file of an account; the name of it.
sub account {
    my ($name, $uri, $key) = @_;

    spew("$dir/$name.json", $json->pretty->encode({ type => 'service_account',
        project_id => 'acme-ai', private_key_id => '0a1b2c',
        private_key => slurp("$dir/" . ($key || 'account') . '.pem'),
        client_email => "$name\@acme-ai.iam.gserviceaccount.com",
        client_id => '1', token_uri => $uri }));
    chmod 0600, "$dir/$name.json";
    return "$dir/$name.json";
}

my $clear = "http://127.0.0.1:$port{clear}";

# name, token_uri, more
my @accounts = (
    ['plain', "$clear/token"],
    ['second', "$clear/token"],
    ['idle', "$clear/token"],
    ['busy', "$clear/token"],
    ['gone', "$clear/token"],
    ['taken', "$clear/token"],
    ['stuck', "$clear/token"],
    ['name', "http://mock.test:$port{clear}/token"],
    ['later', "http://two.test:$port{clear}/token"],
    ['tls', "https://mock.test:$port{tls}/token", "ca $dir/certs/ca.pem;"],
    ['trust', "https://other.test:$port{tls}/token", 'verify off;'],
    ['proxy', 'https://mock.test/token', "ca $dir/certs/ca.pem;"
        . ' proxy http://127.0.0.1:' . $proxy->port
        . ' credentials=env:PROXY_USER;', 'http://mock.test'],
    (map { [$_, "$clear/token"] } qw(fail hang cut rst half html big late)),
    ['stranger', "$clear/token"],
    ['wrong', "https://other.test:$port{tls}/token", "ca $dir/certs/ca.pem;"],
    ['system', "https://mock.test:$port{tls}/token", ''],
    ['nottls', "https://mock.test:$port{clear}/token", 'verify off;'],
    ['dead', "http://127.0.0.1:$dead/token"],
    ['full', "http://127.0.0.1:$full/token"],
    ['none', "http://none.test:$port{clear}/token"],
    ['deny', 'http://mock.test/token', 'proxy http://127.0.0.1:'
        . $deny->port . ';'],
);
my @how = ('chunked', 'eof', 'drip', 'size=40000', 'delay=100',
    'expires=99999999', 'token=a+b/c.~_-=');

push @accounts, map { ["how$_", "$clear/token"] } 0 .. $#how;

my $providers = join '', map { my ($name, $uri, $more, $url) = @$_;
    my $file = account($name, $uri, $name eq 'stranger' ? 'stranger' : '');

    "ai_provider $name { type openai; url " . ($url // $clear)
        . "/bearer/v1; credentials file:$file; timeout connect=600ms; "
        . ($more // '') . " }\n"
        . "ai_model $name { target $name m; fallback b m; retry 1; }\n" }
    @accounts;

my $e = AIGateway::Engine->new(main => "env PROXY_USER;\n", http => <<"END");
resolver 127.0.0.1:${\ $dns->port } ipv6=off;
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider vertex { url $clear/bearer/v1/projects/p/locations/l/publishers/google;
    credentials file:$dir/plain.json; }
ai_provider claude { type vertex-anthropic; location l;
    url $clear/bearer/v1/projects/p/locations/l/publishers/anthropic;
    credentials file:$dir/plain.json; }
ai_provider express { type vertex-express; key env:KEY;
    url $clear/open/v1/publishers/google; }
$providers
END
my ($worker) = $e->{nginx}->workers;
my $r;

sub script { $cloud->control("plan?" . join '|', @_); return }
sub seen { my @seen = $cloud->journal; $cloud->reset; return @seen }
sub fetched { return scalar grep { $_->{path} eq '/token' } seen() }

# Requests at once: their clients, to be asked for responses.
sub crowd {
    my ($n, %opt) = @_;

    return map { my $c = $e->client;
        $c->write(($e->request(%opt))[0]);
        $c } 1 .. $n;
}

sub answers { return map { my $r = AIGateway::Engine::response($_, 5);
    $_->close; $r->{status} } @_ }


# One for all.

script('ok,delay=300');

my $start = time;
my @crowd = crowd(50, model => 'plain/m');

is_deeply [answers(@crowd)], [(200) x 50], 'requests wait for a token';
cmp_ok time - $start, '>', 0.29, 'as long as it takes';

my @seen = seen();
my @asked = grep { $_->{path} eq '/token' } @seen;

is scalar(@asked), 1, 'which is fetched once';
is_deeply [@{ $asked[0] }{qw(method verdict)}], ['POST', 'ok'],
    'with a good assertion';
is_deeply $asked[0]{headers}, [qw(accept-encoding connection content-length
    content-type host)], 'and nothing else';
is_deeply { map { ($_->{token} => 1) } grep { $_->{path} ne '/token' } @seen },
    { $asked[0]{token} => 1 }, 'and is what all of them have';

$r = $e->chat(model => 'plain/m', stream => 1) for 1 .. 3;
is $r->{status}, 200, 'those that come later have it too';
is fetched(), 0, 'without another fetch';

script('ok');
$r = $e->chat(model => "$_/m") for 'plain', 'second';
is fetched(), 1, 'another account has another token';


# Wherever it comes from, and however.

for my $i (0 .. $#how) {
    script($how[$i]);
    $r = $e->chat(model => "how$i/m");
    is $r->{status}, 200, "a token comes as it comes ($how[$i])";
}

script('ok');

for my $name (qw(name later tls trust proxy)) {
    seen();

    for my $n (1, 2) {
        $r = $e->chat(model => "$name/m");
        is $r->{status}, 200, "a token is fetched ($name, request $n)";
    }

    my @at = grep { $_->{path} eq '/token' } seen();

    is scalar(@at), 1, 'once';
    is $at[0]{sni}, { tls => 'mock.test', trust => 'other.test',
        proxy => 'mock.test' }->{$name}, 'the name is sent, if there is TLS';
    like $at[0]{host}, $name eq 'proxy' ? qr/^mock\.test$/ : qr/:\d+$/,
        'and is the host';
}

like slurp("$dir/proxy.log"), qr/"target":"mock\.test:443"/,
    'the way to the provider is the way to its tokens';


# Renewed in time, by those who use it.

seen();
script('ok,expires=2');
$e->chat(model => "$_/m") for 'busy', 'idle';
is fetched(), 2, 'tokens of two seconds';

my ($slow, $bad, $end) = (0, 0, time + 5);

script('ok,expires=2,delay=150');

while (time < $end) {
    $r = $e->chat(model => 'busy/m');
    $bad++ if $r->{status} != 200;
    $slow++ if $r->{time} > 0.1;
}

@seen = grep { $_->{path} eq '/token' } seen();
is $bad, 0, 'a token in use is always good';
is $slow, 0, 'as it is renewed before it expires, and nobody waits';
cmp_ok scalar(@seen), '>=', 2, 'it was renewed';
cmp_ok scalar(@seen), '<=', 4, 'not more often than needed';

sleep 2.2;
cmp_ok fetched(), '<=', 1, 'one that was in use is renewed once more';
sleep 2.2;
is fetched(), 0, 'and one that nobody uses is not';

script('ok');
$r = $e->chat(model => 'idle/m');
is_deeply [$r->{status}, fetched()], [200, 1],
    'when it is wanted again it is fetched';


# Taken back.

$e->chat(model => 'taken/m');
seen();
$cloud->control('revoke');
@crowd = crowd(20, model => 'taken/m');
is_deeply [answers(@crowd)], [(200) x 20],
    'a token that is refused is replaced, and the request made again';
is fetched(), 1, 'for all at once';

$cloud->control('revoke');
$r = $e->chat(model => 'taken');
is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}, fetched()],
    [200, 'taken/m; auth', 0],
    'when that is refused too it is not the token\'s fault';

# what the provider does not accept, however new
script('ok,token=ya29.never');
$e->chat(model => 'stuck/m');
$cloud->control('revoke');
seen();
$r = $e->chat(model => 'stuck/m');
is_deeply [$r->{status}, $r->{json}{error}{code}, $r->{log}{attempts}],
    [200, undef, 1], 'a token that was good before is asked for once more';


# What goes wrong with a fetch.

my %plan = (fail => 'status=500', hang => 'hang', cut => 'ok,cut',
    rst => 'ok,rst', half => 'garbage', html => 'html', big => 'size=70000',
    late => 'ok,delay=900');
my %fault = ((map { $_ => 'connect' } qw(fail cut rst half html big dead none
    deny)), (map { $_ => 'timeout' } qw(hang full late)),
    (map { $_ => 'tls' } qw(wrong system nottls)), stranger => 'auth');

for my $name (sort keys %fault) {
    script($plan{$name} // 'ok');
    seen();

    $r = $e->chat(model => $name);
    is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}],
        [200, "$name/m; $fault{$name}"],
        "no token ($name): another target is tried";
    cmp_ok $r->{time}, '<', 1.2, 'in time';

    $start = time;
    $r = $e->chat(model => $name, stream => 1);
    is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}],
        [200, "$name/m; $fault{$name}"], 'and tried at once the next time';
    cmp_ok time - $start, '<', 0.5, 'as it is known that there is none';
    cmp_ok fetched(), '<=', 1, 'without another fetch';
}

$r = $e->chat(model => 'stranger/m');
is_deeply [$r->{status}, $r->{json}{error}{code}], [502, 'provider_auth'],
    'the client is told whose fault it is';
script('status=500');
$r = $e->chat(model => 'fail/m');
is_deeply [$r->{status}, $r->{json}{error}{code}], [502, 'upstream_error'],
    'and that it can come back';

ok index($e->{nginx}->log, 'no token of "stranger@acme-ai.iam.gserviceaccount'
    . '.com" for provider "stranger": auth, status 400: No, you.') > 0,
    'the log says why';

script('ok');
sleep 2.1;
$r = $e->chat(model => 'fail/m');
is $r->{status}, 200, 'after a while it is tried again';

script('status=503', 'status=503', 'ok');
seen();
$r = $e->chat(model => 'gone');
is $r->{header}{'x-ai-fallback'}, 'gone/m; connect', 'and again';
sleep 1.1;
$r = $e->chat(model => 'gone');
sleep 1.1;
$r = $e->chat(model => 'gone');
is_deeply [$r->{header}{'x-ai-fallback'}, fetched()], ['gone/m; connect', 2],
    'after longer and longer';
sleep 1.1;
$r = $e->chat(model => 'gone/m');
is $r->{status}, 200, 'until it is there';


# A client that goes away while it waits.

script('ok,delay=300');
$cloud->control('revoke');
sleep 0.1;

my $leaving = AIGateway::Mock->start(program => 'cloud.js',
    args => ['--google', "$dir/account.pub"]);
my $port = $leaving->port;

account('leaving', "http://127.0.0.1:$port/token");
$leaving->control('plan?ok,delay=400');

my $e2 = AIGateway::Engine->new(http => <<"END");
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider leaving { type openai; url http://127.0.0.1:$port/bearer/v1;
    credentials file:$dir/leaving.json; timeout total=1s connect=5s; }
ai_model leaving { target leaving m; fallback b m; retry 1; }
END

{
    my $c = $e2->client;
    my ($bytes, $case) = $e2->request(model => 'leaving/m');

    $c->write($bytes);
    sleep 0.1;
    $c->close;

    my $log = $e2->log_of($case);

    is_deeply [@$log{qw(status error)}], [499, 'client_abort'],
        'a client may leave while it waits';
    $r = $e2->chat(model => 'leaving/m');
    is $r->{status}, 200, 'and the token comes for others';
    is scalar(grep { $_->{path} eq '/token' } $leaving->journal), 1,
        'the one that was asked for then';
}


# The time of a request is over while it waits.

$leaving->control('plan?hang');
account('leaving', "http://127.0.0.1:$port/token");
ok $e2->{nginx}->reload, 'a reload';
$r = $e2->chat(model => 'leaving/m');
is_deeply [$r->{status}, $r->{json}{error}{code}], [504, 'upstream_timeout'],
    'a request does not wait for ever';
cmp_ok $r->{time}, '<', 1.5, 'but for its own time';


# A reload and the end while a token is fetched.

$leaving->control('plan?ok,delay=700');
ok $e2->{nginx}->reload, 'a reload';
my $c = $e2->client;
$c->write(($e2->request(model => 'leaving/m'))[0]);
sleep 0.2;
ok $e2->{nginx}->reload, 'another one, while a request waits';
is AIGateway::Engine::response($c, 5)->{status}, 200, 'it has its answer';
$c->close;

$leaving->control('plan?hang');
$c = $e2->client;
$c->write(($e2->request(model => 'leaving/m'))[0]);
sleep 0.2;
$c->close;
sleep 0.1;

my $took = $e2->{nginx}->stop;

ok defined $took && $took < 2, 'a fetch that nobody waits for ends with nginx';
$e2->done;
$leaving->stop;


# Vertex AI.

$cloud->control('plan?ok');
seen();
$r = $e->chat(model => 'vertex/gemini-2.5-flash');
is_deeply [$r->{status}, $r->{json}{choices}[0]{message}{content}],
    [200, 'Hello'], 'Gemini on Vertex AI is asked';
is_deeply [map { $_->{path} } grep { $_->{path} ne '/token' } seen()],
    ['/bearer/v1/projects/p/locations/l/publishers/google/models'
    . '/gemini-2.5-flash:generateContent'], 'at its path';

$r = $e->chat(model => 'express/gemini-2.5-flash');
is $r->{status}, 200, 'and by a key';
(my $at) = seen();
is_deeply [@$at{qw(path key)}], ['/open/v1/publishers/google/models'
    . '/gemini-2.5-flash:generateContent', $e->{key}], 'which is in its header';

$r = $e->chat(model => 'claude/claude-sonnet-4@20250514', max_tokens => 9);
is_deeply [$r->{status}, $r->{json}{choices}[0]{message}{content}],
    [200, 'Hello'], 'Claude on Vertex AI is asked';
($at) = grep { $_->{path} ne '/token' } seen();
is $at->{path}, '/bearer/v1/projects/p/locations/l/publishers/anthropic/models'
    . '/claude-sonnet-4@20250514:rawPredict', 'at its path';
my $body = decode_json($at->{body});
is_deeply [@$body{qw(model anthropic_version)}], [undef, 'vertex-2023-10-16'],
    'without a model, with a version';

my $text = '{"model": "claude/claude-sonnet-4", "max_tokens": 9, "x": 1.0,'
    . ' "messages": [{"role": "user", "content": "hi"}]}';
$r = $e->chat(path => '/v1/messages', raw => $text);
is_deeply [$r->{status}, $r->{json}{content}[0]{text}], [200, 'Hello'],
    'and in its own words';
($at) = seen();
is $at->{path}, '/bearer/v1/projects/p/locations/l/publishers/anthropic/models'
    . '/claude-sonnet-4:rawPredict', 'at the same path';
$text =~ s/"model": "[^"]*"/"anthropic_version":"vertex-2023-10-16"/;
is $at->{body}, $text, 'with one member in the place of another';

is_deeply [$e->{nginx}->workers], [$worker], 'the worker is the same';

$_->stop for $cloud, $dns, $proxy, $deny;
$e->done;
done_testing;
