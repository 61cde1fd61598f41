#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Clients that come by HTTP/3, where nginx has it (Debian's from 1.26 on) and
# where curl has it to ask with.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use JSON::PP qw(decode_json encode_json);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Certs;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Mock;
use Nginx;

my $nginx = $ENV{TEST_NGINX_BINARY} || $ENV{AI_NGINX} || 'nginx';

plan(skip_all => 'this nginx or this curl has no HTTP/3')
    if `$nginx -V 2>&1` !~ /with-http_v3_module/
    || `curl -V 2>&1` !~ /\bHTTP3\b/;

my $dir = tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $mock = AIGateway::Mock->start();
my $key = canary('a client key', 'sk-client-');
my ($port, $up) = (free_port(), $mock->port);

AIGateway::Certs::make("$dir/certs");
$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
log_format who '\$server_protocol \$status \$ai_error';
access_log %%DIR%%/who.log who;
ai_zone gateway 8m;
ai_provider openai { url http://127.0.0.1:$up/v1; key env:OPENAI_API_KEY; }
ssl_certificate     $dir/certs/good.pem;
ssl_certificate_key $dir/certs/good.key;
server {
    listen 127.0.0.1:$port quic;
    listen 127.0.0.1:$port ssl;
    location / { ai_gateway on; ai_keys keys.json; }
}
END

write_keys("$n->{dir}/keys.json", { key => $key });
$n->start;


# status, body and curl's own verdict

sub ask3 {
    my (%body) = @_;

    spew("$dir/body", encode_json({ model => 'm', %body }));

    my $text = qx(curl -sN --http3-only --cacert $dir/certs/ca.pem -m 20 \\
        -H 'Content-Type: application/json' -H 'Authorization: Bearer $key' \\
        --data-binary \@$dir/body -w '\\n%{http_version} %{http_code}' \\
        https://127.0.0.1:$port/v1/chat/completions);
    my $exit = $? >> 8;
    my ($version, $status) = $text =~ s/\n(\S+) (\d+)\z// ? ($1, $2) : ();

    return { version => $version, status => $status, body => $text,
        complete => $exit == 0 };
}


my @say = (messages => [{ role => 'user', content => 'hi' }]);
my $r = ask3(@say);

is_deeply [@$r{qw(version status complete)}], [3, 200, 1], 'a reply';
like decode_json($r->{body})->{choices}[0]{message}{content}, qr/hi$/,
    'with its text';

$r = ask3(@say, stream => JSON::PP::true);
is_deeply [@$r{qw(version status complete)}], [3, 200, 1], 'a stream';
like $r->{body}, qr/data: \[DONE\]\n\n\z/, 'to its end';
unlike $r->{body}, qr/"usage"/, 'without what was not asked for';

$r = ask3(messages => {});
is_deeply [@$r{qw(status complete)}], [400, 1], 'an error';
is decode_json($r->{body})->{error}{param}, 'messages', 'names the field';

$r = ask3(@say, stream => JSON::PP::true, mock => 'events=9,cut=e3');
is $r->{complete}, '', 'a stream that is cut does not end well';
like $r->{body}, qr/"code":"upstream_error"\}\}\n\n\z/, 'and says so';

$r = ask3(messages => [{ role => 'user', content => 'x' x 3e5 }]);
is_deeply [@$r{qw(status complete)}], [200, 1], 'a body of 300 KB';

$n->stop;
is scalar(() = slurp("$n->{dir}/who.log") =~ m{^HTTP/3.0 }mg), 5,
    'the log has the protocol';

ends_clean($n);
$mock->stop;

done_testing;
