#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Requests that are signed for AWS: t/mock/cloud.js checks each signature with
# code of its own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

use AIGateway::Checks qw(canary spew);
use AIGateway::Engine;
use AIGateway::Mock;

my $dir = File::Temp::tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $dir;

my $id = 'AKIDEXAMPLE0000';
my $secret = $ENV{SECRET_KEY} = canary('the secret key', 'w/+J');
my $session = $ENV{SESSION_TOKEN} = canary('the session token', 'Fwo//');
my $other = $ENV{OTHER_KEY} = canary('another secret key', 'o/');

$ENV{KEY_ID} = $id;

# one cloud knows a key, one a key with a session, one what is in a file
sub cloud {
    return AIGateway::Mock->start(program => 'cloud.js',
        args => ['--aws', join ':', @_]);
}

my $plain = cloud($id, $secret);
my $with = cloud($id, $secret, $session);
my $filed = cloud('AKIDFILE1', $secret, $session);

spew("$dir/zone", "bedrock-runtime.eu-west-1.amazonaws.com=127.0.0.1\n");
my $dns = AIGateway::Mock->start(program => 'dns.js', args => ['--zone-file',
    "$dir/zone"]);

# Replaces the file as those do who renew it: at once.
sub profile {
    my ($key_id, $secret_key, $token) = @_;

    spew("$dir/aws.new", "[other]\naws_access_key_id = AKID1\n"
        . "aws_secret_access_key = SK1\n\n[gateway]\n"
        . "aws_access_key_id = $key_id\naws_secret_access_key = $secret_key\n"
        . ($token ? "aws_session_token = $token\n" : ''));
    chmod 0644, "$dir/aws.new";
    rename "$dir/aws.new", "$dir/aws" or die "rename: $!";
    return;
}

profile('AKIDFILE1', $secret, $session);

my $keys = "access_key $id; secret_key env:SECRET_KEY;";
my @p = map { 'http://127.0.0.1:' . $_->port } $plain, $with, $filed;

my $e = AIGateway::Engine->new(
    main => join('', map { "env $_;\n" }
        qw(KEY_ID SECRET_KEY SESSION_TOKEN OTHER_KEY)),
    http => <<"END");
resolver 127.0.0.1:${\ $dns->port } ipv6=off;
client_body_buffer_size 16k;
ai_provider b { type openai; url http://127.0.0.1:%%B%%/v1; key env:KEY; }
ai_provider plain { type openai; url $p[0]/aws/v1; $keys aws_region us-east-1; }
ai_provider query { type openai; url $p[0]/aws/v1; $keys aws_region us-east-1;
    query "b=2%203&a&B=x%26y"; }
ai_provider env { type openai; url $p[0]/aws/v1; access_key env:KEY_ID;
    secret_key env:SECRET_KEY; aws_region us-east-1; }
ai_provider wrong { type openai; url $p[0]/aws/v1; access_key $id;
    secret_key env:OTHER_KEY; aws_region us-east-1; }
ai_provider session { type openai; url $p[1]/aws/v1; $keys
    session_token env:SESSION_TOKEN; aws_region ap-south-2; }
ai_provider host { type openai; $keys
    url http://bedrock-runtime.eu-west-1.amazonaws.com:${\ $plain->port }/aws/v1; }
ai_provider file { type openai; url $p[2]/aws/v1; aws_region us-east-1;
    aws_credentials file:$dir/aws profile=gateway; }
ai_provider converse { type bedrock; url $p[0]/aws; $keys
    aws_region us-west-2; }
ai_model renamed { target plain another-name; }
ai_model wrong { target wrong m; fallback b m; }
END
my $r;

sub seen { my @seen = $_[0]->journal; $_[0]->reset; return @seen }


for my $name (qw(plain env session host query)) {
    for my $stream (0, 1) {
        $r = $e->chat(model => "$name/m", stream => $stream);
        is_deeply [@$r{qw(status complete)}, $r->{log}{attempts}],
            [200, 1, 1], "a signed request ($name) is good";
        like $r->{body}, qr/Hello/, 'and answered';
    }
}

my @seen = seen($plain);

is_deeply { map { $_->{scope} =~ m{^\d+/(.*)} ? ($1 => 1) : () } @seen },
    { 'us-east-1/bedrock/aws4_request' => 1,
      'eu-west-1/bedrock/aws4_request' => 1 },
    'the region is the one given, or that of the host';
is_deeply [grep { /aws|auth|key/ } @{ $seen[0]{headers} }], ['authorization'],
    'there is one header with a credential';
is_deeply [map { $_->{path} } grep { $_->{path} =~ /\?/ } @seen],
    [('/aws/v1/chat/completions?b=2%203&a&B=x%26y') x 2],
    'the query is sent as it is given';
is_deeply [grep { /amz/ } map { @{ $_->{headers} } } seen($with)],
    [('x-amz-date', 'x-amz-security-token') x 2], 'a session is signed too';


# The body, wherever it lies: in one piece, two pieces or a file, as it is or
# with another name of the model in it.

for my $model ('plain/m', 'renamed') {
    for my $size (0, 1, 900, 5000, 16_000, 17_000, 300_000, 3_000_000) {
        $r = $e->chat(model => $model, user => 'x' x $size);
        (my $at) = seen($plain);

        is_deeply [$r->{status}, $at->{verdict}], [200, 'ok'],
            "a body of $size bytes is signed ($model)";
        ok $at->{length} > $size, 'in full';
    }
}

# the head and half of the body, then the rest
{
    my ($bytes) = $e->request(model => 'renamed', user => 'y' x 5000);
    my $c = $e->client;

    $c->write(substr $bytes, 0, 1500);
    sleep 0.2;
    $c->write(substr $bytes, 1500);
    is AIGateway::Engine::response($c, 5)->{status}, 200,
        'a body that came in two pieces is signed';
    is +(seen($plain))[0]{verdict}, 'ok', 'as it is sent';
    $c->close;
}

{
    my $form = join '', map { "--x\r\nContent-Disposition: form-data; "
        . "name=\"$_->[0]\"" . ($_->[2] // '') . "\r\n\r\n$_->[1]\r\n" }
        ['model', 'renamed'], ['file', join('', map { chr } 0 .. 255) x 200,
            '; filename="a.wav"'];

    $e->chat(path => '/v1/audio/transcriptions', raw => "$form--x--\r\n",
        headers => ['Content-Type' => 'multipart/form-data; boundary=x']);
    is +(seen($plain))[0]{verdict}, 'ok', 'and a form';
}


# Each attempt has a signature of its own.

$r = $e->chat(model => 'plain/m', cloud => 'status=503');
@seen = seen($plain);
is_deeply [map { $_->{verdict} } @seen], [('ok') x 3],
    'an attempt that is made again is signed again';
is $r->{status}, 503, 'the last status is told';

$r = $e->chat(model => 'wrong');
is_deeply [$r->{status}, $r->{header}{'x-ai-fallback'}], [200,
    'wrong/m; auth'], 'a key that is refused leads to the next target';
is_deeply [map { $_->{verdict} } seen($plain)], ['wrong signature'],
    'and is tried once';

$r = $e->chat(model => 'wrong/m');
is_deeply [$r->{status}, $r->{json}{error}{code}], [502, 'provider_auth'],
    'the client is told of it';
unlike $r->{body}, qr/signature/, 'not in the provider\'s words';
seen($plain);


# Keys in a file.

$r = $e->chat(model => 'file/m');
is $r->{status}, 200, 'keys are taken from a profile';

$r = $e->chat(model => 'file/m') for 1 .. 2;
$filed->control("aws?AKIDFILE2:$other");
seen($filed);

$r = $e->chat(model => 'file/m');
is_deeply [$r->{status}, $r->{log}{attempts}], [502, 1],
    'keys that are not good any more are refused';
seen($filed);

profile('AKIDFILE2', $other);
$r = $e->chat(model => 'file/m');
is_deeply [$r->{status}, $r->{log}{attempts}], [200, 1],
    'those that are in the file by then are tried at once';
is_deeply [map { $_->{verdict} } seen($filed)], ['unknown key', 'ok'],
    'after those that were refused';

$r = $e->chat(model => 'file/m');
is_deeply [$r->{status}, map { $_->{verdict} } seen($filed)], [200, 'ok'],
    'and kept';

spew("$dir/aws.new", "[gateway]\naws_access_key_id = AKID4\n");
rename "$dir/aws.new", "$dir/aws";
$filed->control("aws?AKIDFILE3:$secret");
$r = $e->chat(model => 'file/m');
is $r->{status}, 502, 'a file without keys changes nothing';
like $e->{nginx}->log, qr/"[^"]*aws": there is no such profile/,
    'but the log tells';

profile('AKIDFILE3', $secret);
$r = $e->chat(model => 'file/m');
is $r->{status}, 200, 'and one with keys does';
seen($filed);


# Bedrock.

for my $model ('amazon.nova-lite-v1:0', 'arn:aws:bedrock:us-west-2:123456789012'
    . ':inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0')
{
    (my $path = $model) =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/eg;

    $r = $e->chat(model => "converse/$model");
    is_deeply [$r->{status}, $r->{json}{choices}[0]{message}{content}],
        [200, 'Hello'], "Converse is asked ($model)";

    my ($at) = seen($plain);

    is_deeply [@$at{qw(verdict path)}], ['ok', "/aws/model/$path/converse"],
        'at its path';
    like $at->{scope}, qr{/us-west-2/bedrock/aws4_request$}, 'in its region';
    is_deeply decode_json($at->{body})->{messages},
        [{ role => 'user', content => [{ text => 'hi there' }] }],
        'in its words';
}

$_->stop for $plain, $with, $filed, $dns;
$e->done;
done_testing;
