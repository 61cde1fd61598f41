#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A provider behind an HTTP proxy: the tunnel is opened before the request,
# the name goes to the proxy, and what the proxy does wrong is a fault like
# any other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

use AIGateway::Certs;
use AIGateway::Checks qw(canary free_port slurp);
use AIGateway::Engine;
use AIGateway::Mock;

my $dir = File::Temp::tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $dir;
AIGateway::Certs::make("$dir/certs");

my $mock = AIGateway::Mock->start(listeners => 2, args => ['--listen',
    'tls:127.0.0.1:0,127.0.0.1:0', '--tls', "$dir/certs/good.pem",
    "$dir/certs/good.key"]);
my $password = canary('the password of the proxy', 'pw-');

$ENV{PROXY_GOOD} = "user:$password";
$ENV{PROXY_BAD} = 'user:another-password';


# A proxy for which all of mock.test is the mock.
sub proxy {
    my ($name, @args) = @_;

    return AIGateway::Mock->start(program => 'connect-proxy.js', args => [
        '--journal', "$dir/$name.log",
        '--map', 'mock.test:443=127.0.0.1:' . $mock->port(0),
        '--map', 'mock.test:80=127.0.0.1:' . $mock->port(1), @args]);
}


sub connects { return map { decode_json($_) } split /\n/,
    slurp("$dir/$_[0].log") }


my %proxy = (
    good => proxy('good', '--user', "user:$password"),
    open => proxy('open'),
    drip => proxy('drip', '--recipe', 'split=1'),
    map { $_->[0] => proxy($_->[0], '--recipe', $_->[1]) }
        ['no', 'status=403'], ['busy', 'status=503,header=Retry-After:9'],
        ['half', 'eofhead'], ['mute', 'cut=w0'], ['reset', 'rst=w0'],
        ['endless', 'endless=headers'], ['slow', 'delay=1500'],
        ['hung', 'stall=w0'], ['cut', 'cut=1600'],
        ['once', 'status=502|status=200'],
);
my $dead = free_port();
my @names = qw(no busy half mute reset endless slow hung);
my $providers = join '', map { my ($name, $url, $via, $credentials) = @$_;
    my $port = $proxy{$via} ? $proxy{$via}->port : $dead;

    "ai_provider $name { type openai; url $url/v1; key env:KEY;"
        . " ca $dir/certs/ca.pem; timeout connect=400ms;"
        . " proxy http://127.0.0.1:$port"
        . ($credentials ? " credentials=$credentials" : '') . "; }\n"
        . "ai_model $name { target $name m; fallback b m; retry 1; }\n" }
    ['good', 'https://mock.test', 'good', 'env:PROXY_GOOD'],
    ['clear', 'http://mock.test', 'good', 'env:PROXY_GOOD'],
    ['bad', 'https://mock.test', 'good', 'env:PROXY_BAD'],
    ['none', 'https://mock.test', 'good'],
    ['unknown', 'https://other.test', 'open'],
    ['wrong', 'https://localhost:' . $mock->port(1), 'open'],
    ['dead', 'http://mock.test', 'dead'],
    map { [$_, 'http://mock.test', $_] } qw(open drip once cut), @names;

my $e = AIGateway::Engine->new(main => "env PROXY_GOOD;\nenv PROXY_BAD;\n",
    http => "ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1;"
        . " key env:KEY; }\n$providers");
my ($worker) = $e->{nginx}->workers;
my $r;


for my $name (qw(good clear open drip)) {
    for my $stream (0, 1) {
        for my $n (1 .. 3) {
            $r = $e->chat(model => "$name/m", stream => $stream);
            is_deeply [@$r{qw(status complete)}, $r->{log}{attempts}],
                [200, 1, 1], "a provider behind a proxy ($name) answers";
            like $r->{body}, qr/Hello/, 'in full';
        }
    }
}

$r = $e->chat(model => 'good/m', user => 'x' x 2_000_000);
is $r->{status}, 200, 'a large request goes through';
$r = $e->chat(model => 'good/m', mock => 'size=2000000');
is length(($r->{body} =~ /"content":"([^"]*)/)[0]), 2_000_000,
    'a large reply comes back';

$e->chat(model => "$_/m", mock => 'close') for 'good', 'clear', 'open';
sleep 0.1;

my @good = connects('good');
is scalar(@good), 2, 'a tunnel is kept';
is_deeply [map { $_->{target} } @good], ['mock.test:443', 'mock.test:80'],
    'the proxy is asked for the name';
is_deeply [map { $_->{user} } @good], ['ok', 'ok'], 'with credentials';
is_deeply [grep { !/^(?:Host|Proxy-Authorization)$/ } map { $_->[0] }
    map { @{ $_->{headers} } } @good], [], 'and nothing else';
is_deeply [grep { $_->[0] eq 'Proxy-Authorization' }
    map { @{ $_->{headers} } } connects('open')], [],
    'one without credentials gets none';

my ($seen) = $mock->journal;
is_deeply [grep { /proxy/i } map { $_->[0] } @{ $seen->{headers} }], [],
    'the provider does not see them';
is $seen->{tls}{sni}, 'mock.test', 'TLS is with the provider';
is +(grep { $_->[0] eq 'Host' } @{ $seen->{headers} })[0][1], 'mock.test',
    'and so is Host';

for my $name (qw(bad none dead), @names) {
    for my $stream (0, 1) {
        my $late = $name =~ /slow|hung/;

        $r = $e->chat(model => $name, stream => $stream);
        is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}], [200,
            "$name/m; " . ($late ? 'timeout' : 'connect')],
            "a proxy that fails ($name) is a fault";
        ok $r->{time} < 1.4, "told in time ($r->{time} s)";
    }

    $r = $e->chat(model => "$name/m");
    is_deeply [$r->{status}, $r->{json}{error}{code}],
        $name =~ /slow|hung/ ? [504, 'upstream_timeout']
            : [502, 'upstream_error'], 'which the client is told';
    ok !exists $r->{header}{'retry-after'}, 'with nothing of the proxy';
}

$r = $e->chat(model => 'unknown');
is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}],
    [200, 'unknown/m; connect'], 'a name that the proxy does not know is one';

$r = $e->chat(model => 'wrong');
is_deeply [$r->{status}, $r->{header}{'x-ai-provider'}], [200, 'b'],
    'and so is no TLS behind it';

$r = $e->chat(model => 'once/m');
is_deeply [@{ $r->{log} }{qw(status attempts)}], [200, 2],
    'a proxy that recovers is asked again';

$r = $e->chat(model => 'cut/m', stream => 1, mock => 'events=30');
is $r->{complete}, 0, 'a tunnel that breaks in a stream';
like $r->{body}, qr/"code":"upstream_error"\}\}\n\n\z/, 'is told';

# as the log of nginx, which may say what the proxy said
like $e->{nginx}->log, qr/the proxy of provider "no" answered "HTTP\/1\.1 403/,
    'the log says how a proxy refused';
cmp_ok Nginx::open_fds($worker), '<', 40, 'no connection is left over';

$e->done;
$_->stop for values %proxy;
is_deeply [$mock->complaints], [], 'nor at the provider';
done_testing;
