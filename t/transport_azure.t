#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Azure's path with a deployment in it, and a token in a file that somebody
# else renews.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use File::Temp;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

use AIGateway::Checks qw(canary spew);
use AIGateway::Engine;
use AIGateway::Mock;

my $dir = File::Temp::tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $dir;

my $cloud = AIGateway::Mock->start(program => 'cloud.js');
my @tokens = map { canary("token $_", 'eyJ0') } 0 .. 4;

# Replaces the file as those do who renew it: at once.
sub token {
    my ($text, $mode) = @_;

    spew("$dir/token.new", $text);
    chmod $mode // 0644, "$dir/token.new";
    rename "$dir/token.new", "$dir/token" or die "rename: $!";
    return;
}

sub good { $cloud->control("token?$_[0]"); return }

token("$tokens[0]\n");
good($tokens[0]);

my $e = AIGateway::Engine->new(http => <<"END");
ai_provider azure { type azure-deployments; url http://127.0.0.1:%%A%%/openai;
    query api-version=2024-10-21; key env:KEY; }
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider v1 { type azure; url http://127.0.0.1:%%A%%/openai/v1;
    key env:KEY; }
ai_provider entra { type azure-deployments; query api-version=2024-10-21;
    url http://127.0.0.1:${\ $cloud->port }/bearer/openai;
    token file:$dir/token; }
ai_model gpt-4o { target azure my-gpt; }
ai_model slow { target entra other; fallback b m; }
END
my $r;

# the path and the credentials of the last request, from the mock's journal
sub at {
    my ($at) = @{ $r->{seen} };
    my %header = map { lc $_->[0] => $_->[1] } @{ $at->{headers} || [] };

    return ($at->{path}, @header{qw(api-key authorization)});
}

my $key = 'sha256:' . substr sha256_hex($e->{key}), 0, 8;
my $version = '?api-version=2024-10-21';


# A deployment is a part of the path.

for my $model ('azure/my-gpt', 'gpt-4o') {
    for my $stream (0, 1) {
        $r = $e->chat(model => $model, stream => $stream);
        is_deeply [@$r{qw(status complete)}, at()], [200, 1,
            "/openai/deployments/my-gpt/chat/completions$version", $key,
            undef], "a chat goes to its deployment ($model)";
    }
}

for (['/v1/completions', prompt => 'x'], ['/v1/embeddings', input => 'x'],
    ['/v1/images/generations', prompt => 'x'],
    ['/v1/audio/speech', input => 'x', voice => 'alloy'])
{
    my ($path, %more) = @$_;
    (my $tail = $path) =~ s{^/v1}{};

    $r = $e->chat(path => $path, model => 'azure/my-gpt', %more);
    is_deeply [$r->{status}, (at())[0]], [200,
        "/openai/deployments/my-gpt$tail$version"], "$path too";
}

$r = $e->chat(path => '/v1/audio/transcriptions', raw => join('',
    map { "--x\r\nContent-Disposition: form-data; name=$_->[0]\r\n\r\n"
        . "$_->[1]\r\n" } ['"model"', 'gpt-4o'],
        ['"file"; filename="a.wav"', 'RIFF']) . "--x--\r\n",
    headers => ['Content-Type' => 'multipart/form-data; boundary=x']);
is_deeply [$r->{status}, (at())[0]], [200,
    "/openai/deployments/my-gpt/audio/transcriptions$version"],
    'and a form';

$r = $e->chat(model => 'azure/a b');
is $r->{status}, 400, 'what can be no name is none';

$r = $e->chat(model => 'azure/a/b:c@d');
is +(at())[0], "/openai/deployments/a%2Fb%3Ac%40d/chat/completions$version",
    'what must not be in a path is encoded';

$r = $e->chat(model => 'azure/..');
is_deeply [$r->{status}, scalar @{ $r->{seen} }], [400, 0],
    'and nothing gets out of it';

$r = $e->chat(path => '/v1/files', method => 'GET');
is +(at())[0], "/openai/files$version", 'what has no model has no deployment';

$r = $e->chat(path => '/v1/messages', model => 'azure/my-gpt',
    max_tokens => 9, messages => [{ role => 'user', content => 'hi' }]);
is_deeply [$r->{status}, $r->{json}{type}, (at())[0]], [200, 'message',
    "/openai/deployments/my-gpt/chat/completions$version"],
    'a client of another dialect gets there too';

$r = $e->chat(model => 'v1/my-gpt');
is_deeply [at()], ['/openai/v1/chat/completions', $key, undef],
    'the other path has no deployment';


# A token in a file.

sub seen { my @seen = $cloud->journal; $cloud->reset; return @seen }

$r = $e->chat(model => 'entra/d');
is $r->{status}, 200, 'a token in a file is sent';

(my $at) = seen();
is_deeply [@$at{qw(token path)}], [$tokens[0],
    "/bearer/openai/deployments/d/chat/completions$version"], 'as it is there';
is_deeply [grep { /key/ } @{ $at->{headers} }], [], 'and is no key';

token("$tokens[1]\n");
good($tokens[1]);
$r = $e->chat(model => 'entra/d');
is_deeply [$r->{status}, map { $_->{token} } seen()], [200, $tokens[0]],
    'the file is not read each time';

$cloud->control('revoke');
good($tokens[1]);
$r = $e->chat(model => 'entra/d');
is_deeply [$r->{status}, $r->{log}{attempts}, map { $_->{token} } seen()],
    [200, 1, @tokens[0, 1]], 'but when the token was refused';

$cloud->control('revoke');
$r = $e->chat(model => 'entra/d');
is_deeply [$r->{status}, $r->{json}{error}{code}, map { $_->{token} } seen()],
    [502, 'provider_auth', $tokens[1]], 'once';
$r = $e->chat(model => 'slow');
is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}],
    [200, 'entra/other; auth'], 'and another target is tried';
seen();
good($tokens[1]);

for ('', "\n", "two\nlines\n", 'y1' x 10_000, "changeme\n") {
    token($_);
    $cloud->control('revoke');
    $r = $e->chat(model => 'entra/d');
    $cloud->control("token?$tokens[1]");
    my $again = $e->chat(model => 'entra/d');
    is_deeply [$r->{status}, $again->{status}], [502, 200],
        'a file that has no token changes nothing';
}

seen();
unlink "$dir/token";
$r = $e->chat(model => 'entra/d');
is $r->{status}, 200, 'nor does one that is gone';

token("$tokens[2]\r\n");
good($tokens[2]);
$r = $e->chat(model => 'entra/d');
seen();

# the last look at the file was one of those above
sleep 10.2;
$r = $e->chat(model => 'entra/d');
is_deeply [$r->{status}, map { $_->{token} } seen()], [200, $tokens[2]],
    'after ten seconds it is looked at again';

SKIP: {
    skip 'the workers may read everything', 1 if $> != 0;

    token("$tokens[3]\n", 0600);
    $cloud->control('revoke');
    $r = $e->chat(model => 'entra/d');
    like $e->{nginx}->log, qr/open\(\) "[^"]*token" failed \(13/,
        'a file that the workers may not read is told of';
}

token("$tokens[4]\n");
good($tokens[4]);
ok $e->{nginx}->reload, 'a reload';
$r = $e->chat(model => 'entra/d');
is_deeply [$r->{status}, (seen())[-1]{token}], [200, $tokens[4]],
    'reads it too';

$cloud->stop;
$e->done;
done_testing;
