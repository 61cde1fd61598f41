#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What "nginx -t" refuses, with file and line and a sentence that helps; and
# that every directive is taken where it is right.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Certs;
use AIGateway::Checks qw(canary free_port spew);
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $up = 'http://127.0.0.1:' . $mock->port . '/v1';
my $port = free_port();
my $n = Nginx->new(mock => $mock);
my $certs = AIGateway::Certs::make("$n->{dir}/certs");
my $secret = canary('the provider key');

$ENV{OPENAI_API_KEY} = $secret;
$ENV{AI_TEST_EMPTY} = '';
$ENV{AI_TEST_DUMMY} = 'your-api-key-here';
$ENV{AI_TEST_LINES} = "sk-one\nsk-two-of-them";
$ENV{AI_TEST_PROXY} = 'user:' . canary('the password of the proxy', 'pw-');
delete $ENV{AI_TEST_NONE};

write_keys("$n->{dir}/keys.json", { id => 'a', key => canary('a key') });
spew("$n->{dir}/$_->[0]", $_->[1]) for ['key', "$secret\n"], ['empty', "\n"],
    ['retry.conf', "retry 0;\n"], ['big', 'x' x 10000];
chmod 0640, glob("$n->{dir}/{key,empty,big}");

my $provider = "ai_provider openai { url $up; }";
my $location = 'location / { ai_gateway on; ai_auth none; }';


# The line of a "<<<" is where the complaint must point to.
sub refused {
    my ($name, $http, $like) = @_;
    my $line = 0;

    $n->{http} = $http;
    my @lines = split /\n/, $n->conf;
    for my $i (0 .. $#lines) {
        $line = $i + 1 if $lines[$i] =~ /<<</;
    }
    $n->{http} =~ s/<<<//;

    my ($status, $said) = $n->check_conf;
    my ($emerg) = grep { /\[emerg\]/ } split /\n/, $said;
    my $where = $line ? qr/ in \S+\/nginx\.conf:$line$/ : qr/./;

    ok $status == 1 && defined $emerg && $emerg =~ $like && $emerg =~ $where,
        $name or diag("line $line: $said");
    unlike $said, qr/\Q$secret\E|sk-literal|sk-one|your-api-key-here/,
        "$name: it does not repeat a secret";
    return;
}


# a whole server around a provider, or around the body of one
sub server { return "$_[0]\nserver { listen 127.0.0.1:$port; "
    . ($_[1] // $location) . " }\n" }

sub provider { return server("ai_provider openai {\nurl $up;\n$_[0]\n}") }

sub model { return server("$provider\nai_model smart {\n$_[0]\n}") }


# providers

refused('a provider that is there twice',
    server("$provider\n$provider <<<"), qr/duplicate provider "openai"/);
refused('a name that no vendor has, without a type',
    server("ai_provider nobody { url $up; } <<<"),
    qr/"nobody" is no known vendor: say what it speaks with "type"/);
refused('a type that is not known',
    server("ai_provider x { type nothing; } <<<"), qr/unknown type "nothing"/);
refused('a vendor without a URL of its own',
    server("ai_provider databricks { key env:OPENAI_API_KEY; } <<<"),
    qr/provider "databricks" needs a "url"/);
refused('a vendor whose URL needs more',
    server("ai_provider azure { key env:OPENAI_API_KEY; } <<<"),
    qr/provider "azure" needs "resource" or a "url"/);
refused('a vendor without a key', server('ai_provider openai { } <<<'),
    qr/provider "openai" needs a "key", such as "key env:OPENAI_API_KEY"/);
refused('a name with a slash', server("ai_provider a/b { url $up; } <<<"),
    qr{"a/b" can't be the name of a provider});
refused('a name with a blank', server("ai_provider \"a b\" { url $up; } <<<"),
    qr/"a b" can't be the name of a provider/);

refused("a URL that is none: $_->[0]",
    server("ai_provider x { type openai; url $_->[0]; } <<<"), $_->[1])
    for ['127.0.0.1', qr/url "127.0.0.1": /],
        ['ftp://h/v1', qr/url "ftp:/], ['http://', qr/url "http:/],
        ['http://h:70000', qr/port/], ['http://u:p@h/', qr/url "http:/],
        ['http://h/v1?x=1', qr/query/], ['http://h/../v1', qr/segment/],
        ['"http://h/a b"', qr/url "http:/];
refused('a URL that is there twice', provider("url $up; <<<"),
    qr/"url" is duplicate/);
refused('a query with a secret', provider('query api_key=1; } <<<') =~ s/}$//r,
    qr/query "api_key=1": .*belongs in a header/);

refused('a key that is the key', provider('key sk-literal; <<<'),
    qr/a secret is given as "env:NAME" or "file:PATH", never as itself/);
refused('a key that is not in the environment',
    provider('key env:AI_TEST_NONE; <<<'),
    qr/the environment has no "AI_TEST_NONE"/);
refused('a key that is empty', provider('key env:AI_TEST_EMPTY; <<<'),
    qr/the secret "env:AI_TEST_EMPTY": it is empty/);
refused('a key that is a placeholder', provider('key env:AI_TEST_DUMMY; <<<'),
    qr/the secret "env:AI_TEST_DUMMY": it is a placeholder/);
refused('a key of two lines', provider('key env:AI_TEST_LINES; <<<'),
    qr/"env:AI_TEST_LINES".* more than one line/);
refused('a file for a key that is not there', provider('key file:no; <<<'),
    qr{open\(\) ".*/no" failed \(2: No such file});
refused('a file for a key that is empty', provider('key file:empty; <<<'),
    qr/"file:empty".* empty/);
refused('a file for a key that is too long', provider('key file:big; <<<'),
    qr/is no file, or one of over 8192 bytes/);
refused('a directory for a key', provider('key file:certs; <<<'),
    qr/is no file/);
refused('two keys', provider("key file:key;\nkey file:key; <<<"),
    qr/"key" is duplicate/);
refused('no source of a key', provider('key env:; <<<'),
    qr/a secret is given/);

refused("a time-out that is none: $_", provider("timeout $_; <<<"),
    qr/"timeout" takes connect=, first_token=, idle= and total= with a time, /)
    for qw(10s connect=x connect= connect=0 read=1s idle=-1s), 'idle=1s x=2';
refused('a proxy with TLS', provider('proxy https://h:1; <<<'),
    qr{"proxy" takes "http://host:port"});
refused('a proxy with its password',
    provider('proxy http://h:1 user:pw; <<<'),
    qr/"proxy" takes "credentials=env:NAME" or "credentials=file:PATH"/);
refused('a proxy that is none', provider('proxy h:1; <<<'), qr/proxy "h:1": /);
refused('verify that is neither on nor off', provider('verify maybe; <<<'),
    qr/invalid value "maybe"/);
refused('a file of authorities that is not there',
    server("ai_provider x { type openai; url https://h/; ca no.pem; }"),
    qr/no\.pem/);
refused('a directive that is not one of a provider',
    provider('color red; <<<'), qr/unknown directive "color"/);
refused('too many arguments', provider('type openai x; <<<'),
    qr/invalid number of arguments in "type"/);
refused('too few', provider('timeout; <<<'),
    qr/invalid number of arguments in "timeout"/);

# models

refused('a model at a provider that is not there',
    server("$provider\nai_model smart { target nobody gpt; } <<<"),
    qr/unknown provider "nobody" in model "smart"/);
refused('a fallback at one that is not there', server("$provider\nai_model "
    . 'smart { target openai gpt; fallback nobody gpt; } <<<'),
    qr/unknown provider "nobody" in model "smart"/);
refused('a model without a target',
    server("$provider\nai_model smart { } <<<"),
    qr/the model "smart" has no "target"/);
refused('a model that is there twice', server("$provider\n"
    . "ai_model smart { target openai gpt; }\n"
    . 'ai_model smart { target openai gpt; } <<<'),
    qr/duplicate model "smart"/);
refused('a target behind a fallback',
    model("fallback openai a;\ntarget openai b; <<<"),
    qr/"target" must come before "fallback"/);
refused('a name of a model that is none', model('target openai "a b"; <<<'),
    qr/"a b" can't be the name of a model/);
refused('one with a quote', model(q(target openai 'a"b'; <<<)),
    qr/can't be the name of a model/);
refused('an alias that matches nothing', model("target openai a;\n"
    . 'alias "a b"; <<<'), qr/alias "a b": a pattern must be printable ASCII/);
refused("a retry that is none: $_->[0]", model("target openai a;\n"
    . "retry $_->[0]; <<<"), $_->[1])
    for ['x', qr/"retry": "x" /], ['-1', qr/"retry": "-1" /],
        ['3 backoff=2s..1s', qr/"retry": "backoff=2s..1s" /],
        ['3 on=nothing', qr/"retry": "on=nothing" /],
        ['3 often', qr/"retry": "often" /];
refused('a directive that is not one of a model', model('color red; <<<'),
    qr/unknown directive "color"/);
refused('a model without an end', "$provider\n"
    . "ai_model smart { target openai a;\nserver { listen 127.0.0.1:$port; "
    . "$location }",
    qr/unexpected "\{" in \S+\/nginx\.conf:\d+$/);
refused('a provider without an end', "ai_provider openai { url $up;\n",
    qr/unexpected end of file, expecting "\}"/);

# the gateway

refused('a gateway without a door', server($provider,
    "\nlocation / { ai_gateway on; <<<\n }"),
    qr/"ai_gateway" needs "ai_keys", or "ai_auth none" to be open to everybody/);
refused('a gateway that wants keys and has none', server($provider,
    "\nlocation / { ai_gateway on; <<<\n ai_auth keys; }"),
    qr/"ai_gateway" needs "ai_keys"/);
refused('a gateway without a provider', server(''),
    qr/"ai_gateway" needs an "ai_provider"/);
refused('a gateway that is neither on nor off', server($provider,
    'location / { ai_gateway maybe; } <<<'), qr/invalid value "maybe"/);
refused('a gateway that is on and off', server($provider,
    'location / { ai_gateway on; ai_gateway off; } <<<'),
    qr/"ai_gateway" directive is duplicate/);
refused('ai_gateway where it can\'t be', server($provider,
    'ai_gateway on; <<<'), qr/"ai_gateway" directive is not allowed here/);
refused('ai_gateway in an if', server($provider,
    'location / { ai_gateway on; ai_auth none; if ($uri) { ai_gateway off; } '
    . '} <<<'), qr/"ai_gateway" directive is not allowed here/);
refused('ai_auth that is not known', server($provider,
    'ai_auth some; <<<'), qr/"ai_auth" directive takes "keys" or "none"/);
refused('ai_health that is not known', server($provider,
    'location / { ai_health well; } <<<'),
    qr/"ai_health" directive takes "live" or "ready"/);
refused("ai_zone of $_->[0]",
    server("ai_zone gateway $_->[0]; <<<\n$provider"), $_->[1])
    for ['1x', qr/invalid size "1x"/], ['8k', qr/zone "gateway" is too small/];
refused('ai_zone too small for all', server("ai_zone gateway 64k;\n$provider"),
    qr/ai_zone "gateway" is too small for 1 worker processes: it needs \d+k/);
refused('ai_zone twice', server("ai_zone a 8m;\nai_zone b 8m; <<<\n$provider"),
    qr/"ai_zone" directive is duplicate/);
refused('ai_provider where it can\'t be', server('', "$provider <<<"),
    qr/"ai_provider" directive is not allowed here/);
refused("$_->[0] without its argument", server($provider, "$_->[0]; <<<"),
    qr/invalid number of arguments in "$_->[0]" directive/)
    for ['ai_keys'], ['ai_auth'], ['ai_event_size'], ['ai_reply_size'];
refused('ai_event_size that is none', server($provider,
    'ai_event_size x; <<<'), qr/invalid value/);

# the file of keys

for (['not JSON', '{"keys":[', qr/bad\.json:1: /],
    ['no keys', '{}', qr/bad\.json:1: there is no "keys" member/],
    ['no digest', qq({"keys":[\n{"id":"a"}\n]}),
        qr/bad\.json:3: keys\[0\]: has no "sha256"|:2: .*has no "sha256"/],
    ['a short digest', qq({"keys":[\n{"id":"a","sha256":"00"}]}),
        qr/bad\.json:2: keys\[0\]\.sha256: must have 64 hexadecimal digits/],
    ['the digest of "test"', '{"keys":[{"id":"a","sha256":"9f86d081884c7d659a2'
        . 'feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}',
        qr/keys\[0\]\.sha256: is the digest of a key that anybody would/],
    ['an unknown member', '{"keys":[{"id":"a","color":1}]}',
        qr/keys\[0\]\.color: is not a member that a key can have/],
    ['a bad time', '{"keys":[{"id":"a","expires":"soon"}]}',
        qr/keys\[0\]\.expires: must be a time as in/],
    ['a number', '{"keys":[{"id":7}]}', qr/keys\[0\]\.id: /])
{
    my ($name, $text, $like) = @$_;

    spew("$n->{dir}/bad.json", $text);
    chmod 0640, "$n->{dir}/bad.json";
    refused("a file of keys: $name", server($provider,
        'ai_keys bad.json; <<<'), $like);
}

refused('a file of keys that is not there', server($provider,
    'ai_keys no.json; <<<'), qr{open\(\) ".*/no\.json" failed \(2: });
refused('two files of keys', server($provider,
    "ai_keys keys.json;\nai_keys keys.json; <<<"),
    qr/"ai_keys" directive is duplicate/);

# what is right is taken, all of it at once

$n->{main} = 'env OPENAI_API_KEY;';
$n->{http} = <<"END";
ai_zone gateway 8m;
ai_keys keys.json;
ai_auth keys;
ai_event_size 64k;
ai_reply_size 128k;
ai_provider openai { url $up; key env:OPENAI_API_KEY; query v=1; }
ai_provider lab {
    type openai;
    url https://mock.test:444/v1;
    key file:key;
    ca certs/ca.pem;
    verify on;
    proxy http://127.0.0.1:1 credentials=env:AI_TEST_PROXY;
    timeout connect=2s first_token=20s idle=30s total=10m;
}
ai_provider loose { type openai; url https://127.0.0.1:1; verify off; }
ai_model smart {
    alias gpt-4o clever-*;
    target openai gpt-4o-mini;
    fallback lab lab-model;
    retry 3 backoff=50ms..2s on=connect,timeout,429,5xx,bad_body;
}
ai_model plain { target openai gpt-4o-mini; include %%DIR%%/retry.conf; }
server {
    listen 127.0.0.1:$port;
    location / { ai_gateway on; ai_auth none; ai_event_size 1m; }
    location = /metrics { ai_metrics; }
    location = /health { ai_health live; }
    location = /ready { ai_health ready; }
}
END

my ($status, $said) = $n->check_conf;
is $status, 0, 'nginx -t takes what is right' or diag($said);
unlike $said, qr/warn|emerg/, 'and has nothing to say';

chmod 0644, "$n->{dir}/key";
($status, $said) = $n->check_conf;
like $said, qr/\[warn\].*key" can be read by everybody/,
    'but for a secret that is none';
is $status, 0, 'which is no error';
chmod 0640, "$n->{dir}/key";

($status, $said) = $n->run('-T');
is $status, 0, 'nginx -T';
like $said, qr/ai_provider lab/, 'shows the configuration';
$n->saw($said);

$n->start;
is chat($port, { model => $_ })->{status}, 200, "and it works: $_"
    for qw(smart gpt-4o clever-x plain openai/gpt-4o-mini);
ends_clean($n);

# the smallest gateway of all

$n = Nginx->new(mock => $mock, http => server($provider));
$n->start;
is chat($port, { model => $_ })->{status}, 200, "one provider serves $_"
    for qw(gpt-4o-mini openai/gpt-4o-mini a/b);
ends_clean($n, name => 'the smallest gateway: a clean ending');
$mock->stop;

done_testing;
