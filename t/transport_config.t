#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What "nginx -t" says of credentials that are no key, and of URLs that have
# to be filled in.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;

use AIGateway::Checks qw(canary free_port slurp spew);
use Nginx;

my $port = free_port();
my $n = Nginx->new;
my $dir = $n->{dir};
my $secret = $ENV{SECRET_KEY} = canary('the secret key');
my $key = $ENV{SOME_KEY} = canary('a key');
my $file = "ai_provider x {\ntype openai;\nurl http://127.0.0.1:1/v1;\n";

$ENV{KEY_ID} = 'AKIDEXAMPLE';
delete $ENV{NO_KEY};

system("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"
    . " -out $dir/key.pem 2>$dir/openssl.log") == 0
    or die 'openssl: ' . slurp("$dir/openssl.log");

my %account = (type => 'service_account', project_id => 'acme-ai',
    private_key_id => '0a', private_key => slurp("$dir/key.pem"),
    client_email => 'gateway@acme-ai.iam.gserviceaccount.com',
    token_uri => 'https://oauth2.googleapis.com/token');

sub account {
    my ($name, %change) = @_;

    spew("$dir/$name", encode_json({ %account, %change }));
    chmod 0600, "$dir/$name";
    return;
}

account('good');
account('user', type => 'authorized_user');
account('nokey', private_key => 'none');
account('badurl', token_uri => 'ftp://x/token');
account('socket', token_uri => 'http://unix:/x.sock:/token');
account('plain', token_uri => 'http://127.0.0.1:1/token');
$ENV{ACCOUNT} = slurp("$dir/good");

spew("$dir/$_->[0]", $_->[1]) for ['token', "$key\n"], ['empty', "\n"],
    ['long', 'x1' x 9000], ['aws', "[default]\naws_access_key_id=AKID\n"
        . "aws_secret_access_key=$secret\n[gateway]\naws_access_key_id=AK\n"
        . "aws_secret_access_key=$secret\n[half]\naws_access_key_id=AK\n"];
chmod 0600, map { "$dir/$_" } qw(token empty long aws);


# The line of a "<<<" is where the complaint must point to.
sub check {
    my ($text) = @_;
    my ($line, $i) = (0, 0);

    $n->{http} = "$text\nserver { listen 127.0.0.1:$port;"
        . " location / { ai_gateway on; ai_auth none; } }\n";

    for (split /\n/, $n->conf) {
        $i++;
        $line = $i if /<<</;
    }

    $n->{http} =~ s/<<<//;
    return ($line, $n->check_conf);
}


sub refused {
    my ($name, $text, $like) = @_;
    my ($line, $status, $said) = check($text);
    my ($emerg) = grep { /\[emerg\]/ } split /\n/, $said;

    ok $status == 1 && defined $emerg && $emerg =~ $like
        && $emerg =~ / in \S+\/nginx\.conf:$line$/, $name
        or diag("line $line: $said");
    unlike $said, qr/\Q$secret\E|\Q$key\E|BEGIN/,
        "$name: it does not repeat a secret";
    return;
}


sub taken {
    my ($name, $text) = @_;
    my (undef, $status, $said) = check($text);

    is $status, 0, $name or diag($said);
    unlike $said, qr/warn|emerg/, "$name: there is nothing to say";
    return;
}


# AWS

my $pair = "access_key AKIDEXAMPLE;\nsecret_key env:SECRET_KEY;\n";

taken('a key of AWS', "ai_provider bedrock { $pair aws_region us-east-1; }");
taken('with a session', "ai_provider bedrock { $pair aws_region us-east-1;"
    . ' session_token env:SOME_KEY; }');
taken('from the environment', 'ai_provider bedrock { access_key env:KEY_ID;'
    . ' secret_key env:SECRET_KEY; aws_region us-east-1; }');
taken('from a file', 'ai_provider bedrock { aws_region us-east-1;'
    . ' aws_credentials file:aws; }');
taken('from a profile', 'ai_provider bedrock { aws_region us-east-1;'
    . ' aws_credentials file:aws profile=gateway; }');
taken('a region in the URL', "ai_provider bedrock { $pair"
    . ' url https://bedrock-runtime.eu-west-1.amazonaws.com; }');
taken('a key of Bedrock', 'ai_provider bedrock { key env:SOME_KEY;'
    . ' aws_region us-east-1; }');

refused('no region', "ai_provider bedrock { $pair } <<<",
    qr/provider "bedrock" needs "aws_region" or a "url"/);
refused('no region in a URL', "$file $pair } <<<" =~ s/\n/ /gr,
    qr/provider "x" needs an "aws_region": its URL does not say which/);
refused('no region for a key', 'ai_provider bedrock { key env:SOME_KEY; } <<<',
    qr/provider "bedrock" needs "aws_region" or a "url"/);
refused('a region that is none', "$file aws_region us/east; <<<\n}",
    qr/"aws_region" takes letters, digits, dots, dashes, underscores/);
refused('a region twice', "$file aws_region a;\naws_region b; <<<\n}",
    qr/"aws_region" is duplicate/);
refused('half a key', "$file aws_region a;\naccess_key A; } <<<",
    qr/provider "x" needs both an "access_key" and a "secret_key"/);
refused('the other half', "$file aws_region a;\nsecret_key env:SECRET_KEY; } <<<",
    qr/provider "x" needs both an "access_key" and a "secret_key"/);
refused('two ids', "$file access_key A;\naccess_key B; <<<\n}",
    qr/"access_key" is duplicate/);
refused('a secret that is itself', "$file secret_key $secret; <<<\n}",
    qr/a secret is given as "env:NAME" or "file:PATH", never as itself/);
refused('a secret that is not there', "$file secret_key env:NO_KEY; <<<\n}",
    qr/the environment has no "NO_KEY"/);
refused('a key and more', "$file $pair key env:SOME_KEY;\n} <<<",
    qr/provider "x" has a "key" and other credentials: one must go/);
refused('two kinds', "$file $pair token file:token; <<<\n}",
    qr/"token" is one credential too many/);
refused('two kinds of AWS', "$file $pair aws_credentials file:aws; <<<\n}",
    qr/"aws_credentials" is one credential too many/);
refused('in the other order', "$file aws_credentials file:aws;\n"
    . "access_key A; <<<\n}", qr/"access_key" is one credential too many/);
refused('no file', "$file aws_credentials aws; <<<\n}",
    qr/"aws" is no "file:PATH"/);
refused('no such file', "$file aws_credentials file:none; <<<\n}",
    qr{open\(\) ".*/none" failed \(2: No such file});
refused('no such profile', "$file aws_credentials file:aws profile=x; <<<\n}",
    qr/aws": there is no such profile/);
refused('half of one', "$file aws_credentials file:aws profile=half; <<<\n}",
    qr/aws": there is no such profile/);
refused('no profile', "$file aws_credentials file:aws x; <<<\n}",
    qr/"aws_credentials" takes "profile=NAME" behind the file/);


# Google

my $at = 'location europe-west4;';

taken('an account', "ai_provider vertex { $at credentials file:good; }");
taken('in the environment', "ai_provider vertex { $at credentials env:ACCOUNT; }");
taken('a project of another name', "ai_provider vertex-anthropic { $at"
    . ' project other-ai; credentials file:good; }');
taken('everywhere', 'ai_provider vertex { location global;'
    . ' credentials file:good; }');
taken('a key', 'ai_provider vertex-express { key env:SOME_KEY; }');
taken('over plain HTTP', "ai_provider vertex { $at credentials file:plain; }");

refused('no location', 'ai_provider vertex { credentials file:good; } <<<',
    qr/provider "vertex" needs "location" or a "url"/);
refused('no project', "ai_provider vertex { $at key env:SOME_KEY; } <<<",
    qr/provider "vertex" needs "project" or a "url"/);
refused('no credentials', "ai_provider vertex { $at project p; } <<<",
    qr/provider "vertex" needs a "key", such as "key env:NAME", or other/);
refused('credentials that are themselves', "$file credentials {}; <<<\n}" =~
    s/\{\};/x;/r, qr/a secret is given as "env:NAME"/);
refused('two accounts', "$file credentials file:good;\ncredentials file:good;"
    . " <<<\n}", qr/"credentials" is one credential too many/);
refused("a file that is none: $_->[0]", "$file credentials file:$_->[0]; <<<\n}",
    qr/"file:$_->[0]" is no file of a service account: $_->[1]/)
    for ['user', qr/its "type" is not "service_account"/],
        ['nokey', qr/its "private_key" is no RSA key in PEM/],
        ['token', qr/it is no JSON object/];
refused('a file that is too long', "$file credentials file:long; <<<\n}",
    qr/is no file, or one of over 16384 bytes/);
refused('an account with a bad address', "$file credentials file:badurl; } <<<"
    =~ s/\n/ /gr, qr/the "token_uri" of provider "x": the URL must be https/);
refused('or one without', "$file credentials file:socket; } <<<" =~ s/\n/ /gr,
    qr/the "token_uri" of provider "x" is a unix socket/);


# Azure

taken('a deployment', 'ai_provider azure-deployments { resource acme;'
    . ' query api-version=2024-10-21; key env:SOME_KEY; }');
taken('a token', 'ai_provider azure { resource acme; token file:token; }');

refused('no resource', 'ai_provider azure { key env:SOME_KEY; } <<<',
    qr/provider "azure" needs "resource" or a "url"/);
refused('no version', 'ai_provider azure-deployments { resource acme;'
    . ' key env:SOME_KEY; } <<<',
    qr/provider "azure-deployments" needs the version of the API/);
refused('a token that is itself', "$file token $key; <<<\n}"
    =~ s/\Q$key\E/sk-1/r, qr/"sk-1" is no "file:PATH"/);
refused('a token in the environment', "$file token env:SOME_KEY; <<<\n}",
    qr/"env:SOME_KEY" is no "file:PATH"/);
refused('no token', "$file token file:empty; <<<\n}",
    qr/the secret "file:empty": it is empty/);

chmod 0644, "$dir/token";
my (undef, $status, $said) = check("$file token file:token; }");
like $said, qr/\[warn\].*token" can be read by everybody/,
    'a token that everybody can read is told of';

ok !grep({ index($n->log, $_) >= 0 } $secret, $key), 'no secret is in the log';

done_testing;
