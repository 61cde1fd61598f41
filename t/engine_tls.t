#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A provider is who its certificate says, and where DNS says, at any time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes qw(sleep time);

use AIGateway::Certs;
use AIGateway::Checks qw(slurp spew);
use AIGateway::Engine;
use AIGateway::Mock;

my $dir = File::Temp::tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $dir;
AIGateway::Certs::make("$dir/certs");

my %mock = map { my $name = $_; ($name => AIGateway::Mock->start(
    listeners => 2, args => ['--listen', 'tls:127.0.0.1:0,127.0.0.1:0',
    '--tls', "$dir/certs/$name.pem", "$dir/certs/$name.key"])) }
    qw(good other expired self);

spew("$dir/zone", "mock.test=127.0.0.1\nother.test=127.0.0.1\n");
my $dns = AIGateway::Mock->start(program => 'dns.js', args => ['--zone-file',
    "$dir/zone", '--journal', "$dir/dns.log"]);

sub zone {
    spew("$dir/zone", join "\n", 'mock.test=127.0.0.1', @_);
    $dns->signal('HUP');
    sleep 0.2;
    return;
}

sub asked { return scalar(() = slurp("$dir/dns.log") =~ /"name":"\Q$_[0]\E"/g) }

my $providers = join '', map { my ($name, $url, $more) = @$_;
    "ai_provider $name { type openai; url $url/v1; key env:KEY;"
        . " timeout connect=400ms; $more }\n"
        . "ai_model $name { target $name m; fallback b m; retry 1; }\n" }
    ['good', "https://mock.test:$mock{good}{port}", 'ca %%CA%%;'],
    ['local', "https://localhost:$mock{good}{port}", 'ca %%CA%%;'],
    ['wrong', "https://mock.test:$mock{other}{port}", 'ca %%CA%%;'],
    ['right', "https://other.test:$mock{other}{port}", 'ca %%CA%%;'],
    ['expired', "https://mock.test:$mock{expired}{port}", 'ca %%CA%%;'],
    ['self', "https://mock.test:$mock{self}{port}", 'ca %%CA%%;'],
    ['system', "https://mock.test:$mock{good}{port}", ''],
    ['own', "https://mock.test:$mock{self}{port}", "ca $dir/certs/self.pem;"],
    ['off', "https://mock.test:$mock{self}{port}", 'verify off;'],
    ['plain', 'https://mock.test:%%A%%', 'ca %%CA%%;'],
    ['clear', "http://mock.test:$mock{good}{port}", ''],
    (map { [$_, "http://$_.test:%%A%%", ''] }
        qw(moves two none servfail refused nodata drop));

my $e = AIGateway::Engine->new(vars => { DNS => $dns->port,
    CA => "$dir/certs/ca.pem" }, http => <<"END");
resolver 127.0.0.1:%%DNS%% valid=1s ipv6=off;
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
$providers
END
my ($worker) = $e->{nginx}->workers;


# Who is trusted.

for my $name (qw(good local right own off)) {
    for my $stream (0, 1) {
        my $r = $e->chat(model => "$name/m", stream => $stream);

        is_deeply [$r->{status}, $r->{complete}, $r->{log}{attempts}],
            [200, 1, 1], "a provider with a good certificate ($name) answers";
        like $r->{body}, qr/Hello/, 'over TLS';
    }
}

for my $name (qw(wrong expired self system)) {
    for my $stream (0, 1) {
        my $r = $e->chat(model => "$name/m", stream => $stream);

        is_deeply [$r->{status}, $r->{json}{error}{code}, $r->{log}{error}],
            [502, 'upstream_error', 'upstream'],
            "one with a bad certificate ($name) does not";

        $r = $e->chat(model => $name, stream => $stream);
        is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}],
            [200, "$name/m; tls"], 'another one does';
    }
}

my %requests = map { $_ => $mock{$_}->stats->{requests} } keys %mock;
is_deeply [@requests{qw(expired)}], [0], 'and was sent nothing';

# no request was sent, so it can be sent elsewhere, whatever it makes
my $r = $e->chat(path => '/v1/videos', raw => join('', map {
    "--x\r\nContent-Disposition: form-data; name=\"$_->[0]\"\r\n\r\n"
        . "$_->[1]\r\n" } ['model', 'expired'], ['prompt', 'x']) . "--x--\r\n",
    headers => ['Content-Type' => 'multipart/form-data; boundary=x']);
is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}],
    [200, 'expired/m; tls'], 'not even what must not be made twice';

for my $name (qw(plain clear)) {
    $r = $e->chat(model => $name);
    is_deeply [$r->{status}, $r->{header}{'x-ai-provider'}], [200, 'b'],
        "one that does not speak TLS, or should not ($name), is none";
}


# What is sent, and what is kept.

$mock{good}->reset;
$e->chat(model => 'good/m') for 1 .. 3;

my @seen = $mock{good}->journal;

is_deeply [map { $_->{tls}{sni} } @seen], [('mock.test') x 3],
    'the name is sent (SNI)';
is scalar(keys %{ { map { $_->{conn} => 1 } @seen } }), 1,
    'the connection is kept';
like $seen[0]{tls}{protocol}, qr/^TLSv1\.[23]$/, 'in a modern protocol';

$mock{good}->reset;
$e->chat(model => 'good/m', mock => "close,seq=$_") for 1 .. 4;
@seen = $mock{good}->journal;
is scalar(keys %{ { map { $_->{conn} => 1 } @seen } }), 4,
    'new connections, when it closes them,';
ok $seen[3]{tls}{reused}, 'take up the session';

for my $size (100, 20_000, 3_000_000) {
    my $text = 'x' x $size;

    $mock{good}->reset;
    $r = $e->chat(model => 'good/m', user => $text);
    (my $seen) = $mock{good}->journal;
    ok $r->{status} == 200 && $seen->{read} && $seen->{length} > $size,
        "a body of $size bytes goes through";
}

$r = $e->chat(model => 'good/m', mock => 'size=3000000');
is length(($r->{body} =~ /"content":"([^"]*)/)[0]), 3_000_000,
    'a large reply comes back';

for my $cut ('cut=w0', 'eofhead', 'cut=40', 'rst=40') {
    $e->chat(model => 'good/m', mock => 'close');
    $r = $e->chat(model => 'good/m', mock => "$cut|status=200");
    is_deeply [@{ $r->{log} }{qw(status attempts codes)}], [200, 2,
        $cut =~ /40/ ? '200, 200' : '502, 200'], "$cut within TLS is a fault";
}

# Bytes behind the end may be in the TLS layer, where no socket shows them;
# of these lengths some end where a read does.

my @second;

for my $size (7350 .. 7700) {
    my ($bytes) = $e->request(model => 'good',
        mock => "size=$size,framing=longlength");
    my $c = $e->client;

    $c->write($bytes);
    push @second, $size
        if ($c->response->{header}{'x-ai-provider'} // '') ne 'good';
    $c->close;
}

is_deeply \@second, [], 'bytes behind the end are never the next reply';

$r = $e->chat(model => 'good/m', stream => 1, mock => 'cut=e3');
like $r->{body}, qr/"code":"upstream_error"\}\}\n\n\z/,
    'a stream cut within TLS is told';


# Names.

zone('moves.test=127.0.0.1:1');

my $old = asked('moves.test');
my $second = AIGateway::Mock->start(args => ['--listen',
    "127.0.0.2:$e->{vars}{A}", '--name', 'second']);

is $e->chat(model => 'moves/m', mock => "close,seq=$_")->{status}, 200,
    'a name is resolved when it is needed' for 1 .. 3;
is asked('moves.test') - $old, 1, 'once as long as the answer is valid';

zone('moves.test=127.0.0.2:1');
sleep 2.1;                         # it counts in whole seconds

$r = $e->chat(model => 'moves/m', mock => 'close,seq=4');
is $r->{log}{addr}, "127.0.0.2:$e->{vars}{A}", 'and again later';
$second->stop;

zone('two.test=127.0.0.9;127.0.0.1', 'none.test=nxdomain',
    map { "$_.test=$_" } qw(servfail refused nodata drop));

# which of them comes first is a matter of chance
my (%addr, @failed);
for my $n (1 .. 100) {
    $r = $e->chat(model => 'two/m', mock => "close,seq=$n", stream => $n % 2);
    push @failed, $r->{log} if $r->{status} != 200 || $r->{log}{attempts} != 1;
    $addr{ $r->{log}{addr} }++;
    last if $n > 4 && keys %addr == 2;
}
is_deeply \@failed, [], 'of several addresses one that answers is found';
is scalar(keys %addr), 2, 'whichever comes first' or diag explain \%addr;

for my $name (qw(none servfail refused nodata drop)) {
    $r = $e->chat(model => $name);
    is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'} // ''], [200,
        "$name/m; connect"], "a name without an answer ($name) is a fault";
    ok $r->{time} < 1.5, "told in time ($r->{time} s)";

    $r = $e->chat(model => "$name/m");
    is_deeply [$r->{status}, $r->{json}{error}{code}], [502,
        'upstream_error'], 'of the provider';
}

cmp_ok Nginx::open_fds($worker), '<', 40, 'no connection is left over';

$_->stop for values %mock;
$e->done;
done_testing;
