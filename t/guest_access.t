#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Who may enter: the modules of nginx that decide it do what their manual says
# in a location of the gateway, and their refusals are told in its words.

use strict;
use warnings;

use File::Basename qw(dirname);
use MIME::Base64 qw(encode_base64);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $up = '127.0.0.1:' . $mock->port;
my $key = canary('a client key', 'sk-client-');
my @key = (Authorization => "Bearer $key");
my @x_key = ('X-Api-Key' => $key);
my @basic = (Authorization => 'Basic ' . encode_base64('user:pass', ''));
my $port = free_port();

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
log_format who '\$uri \$status \$remote_user \$ai_key_id \$ai_error';
access_log %%DIR%%/who.log who;
ai_zone gateway 8m;
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }
limit_conn_zone \$server_port zone=conns:1m;
limit_req_zone \$server_port zone=reqs:1m rate=1r/m;

server {
    listen 127.0.0.1:$port;
    ai_keys keys.json;

    location /conn/ { ai_gateway on; limit_conn conns 1; }
    location /conn429/ {
        ai_gateway on;
        limit_conn conns 1;
        limit_conn_status 429;
    }
    location /req/ { ai_gateway on; limit_req zone=reqs burst=1 nodelay; }
    location /allow/ { ai_gateway on; allow 127.0.0.1; deny all; }
    location /deny/ { ai_gateway on; allow 10.0.0.1; deny all; }
    location /basic/ {
        ai_gateway on;
        auth_basic realm;
        auth_basic_user_file %%DIR%%/users;
    }
    location /any/ {
        ai_gateway on;
        satisfy any;
        deny all;
        auth_basic realm;
        auth_basic_user_file %%DIR%%/users;
    }
    location /anyone/ { ai_gateway on; satisfy any; allow all; }
    location /noone/ { ai_gateway on; satisfy any; deny all; }
    location /asked/ { ai_gateway on; auth_request /ask; }
    location /askno/ { ai_gateway on; auth_request /no; }
    location /askbroken/ { ai_gateway on; auth_request /dead; }
    location /askself/ { ai_gateway on; auth_request /self/v1/models; }
    location /self/ { internal; ai_gateway on; ai_auth none; }
    location /small/ { ai_gateway on; client_max_body_size 1k; }
    location /inside/ { internal; ai_gateway on; }

    location = /ask {
        internal;
        proxy_pass http://$up/v1/models;
        proxy_method GET;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_set_header X-Id \$ai_request_id;
        proxy_set_header X-Key \$ai_key_id;
    }
    location = /no { internal; return 403; }
    location = /dead { internal; proxy_pass http://127.0.0.1:1; }
}
END

write_keys("$n->{dir}/keys.json", { id => 'mine', key => $key });
spew("$n->{dir}/users", "user:{PLAIN}pass\n");
chmod 0644, "$n->{dir}/users";
$n->start;


sub at {
    my ($prefix, @headers) = @_;

    return ask($port, POST => "$prefix/v1/chat/completions", chat_body(),
        @headers);
}


# allow, deny

is at('/allow', @key)->{status}, 200, 'allow lets in';
is_error(at('/allow'), 401, '', 'and the door is still there');
is_error(at('/deny', @key), 403, '', 'deny keeps out');

# auth_basic

is at('/basic', @basic, @x_key)->{status}, 200, 'auth_basic, and a key';
my $r = at('/basic', @x_key);
is_error($r, 401, '', 'no password');
like $r->{header}{'www-authenticate'}, qr/^Basic realm="realm"/,
    'and it is asked for';
is_error(at('/basic', @basic), 401, '', 'a password is no key');

# satisfy

is at('/any', @basic, @x_key)->{status}, 200,
    'satisfy any: one of the others is enough';
is_error(at('/any', @x_key), 401, '', 'satisfy any: a key is none of them');
is_error(at('/any', @basic), 401, '', 'satisfy any: they open no gateway');
is at('/anyone', @key)->{status}, 200, 'satisfy any: allow, and a key';
is_error(at('/anyone'), 401, '', 'satisfy any: allow, and no key');
is_error(at('/noone', @key), 403, '', 'satisfy any: deny is deny');

# auth_request

$mock->reset;
is at('/asked', @key)->{status}, 200, 'auth_request that says yes';
$mock->idle;
my ($asked, $chat) = $mock->journal;
my %h = map { @$_ } @{ $asked->{headers} };
is $asked->{path}, '/v1/models', 'somebody was asked';
like $h{'X-Id'}, qr/^[0-9a-f]{32}$/, 'about this request';
is $h{'X-Id'}, $chat->{id}, 'by the id that it has everywhere';
is $h{'X-Key'}, 'mine', 'and about its key';
is_error(at('/askno', @key), 403, '', 'auth_request that says no');
is_error(at('/askbroken', @key), 500, '', 'auth_request that fails');
is_error(at('/asked'), 401, '', 'nobody is asked about who has no key');
is at('/askself', @key)->{status}, 200, 'auth_request to a gateway';

# limit_req, limit_conn

is join(' ', map { at('/req', @key)->{status} } 1 .. 2), '200 200',
    'limit_req lets some pass';
is_error(at('/req', @key), 503, '', 'and no more');

my $c = AIGateway::Client->new(port => $port);
$c->write(AIGateway::Client::request(POST => '/conn/v1/chat/completions',
    chat_body({ stream => \1, mock => 'stall=e2' }), @key,
    'Content-Type' => 'application/json'));
ok $c->read_until(qr/data: /), 'a stream is open';
is_error(at('/conn', @key), 503, '', 'limit_conn counts it');
is_error(at('/conn429', @key), 429, '', 'with the status that is wanted');
is at('/allow', @key)->{status}, 200, 'but not where it is not set';
$c->abort;
ok $mock->idle, 'the stream is closed';
is at('/conn', @key)->{status}, 200, 'and counts no more';

# the rest

is_error(ask($port, POST => '/small/v1/chat/completions',
    chat_body({ user => 'x' x 2000 }), @key), 413, '', 'too large a body');
is_error(ask($port, POST => '/small/v1/chat/completions', 'x' x 2000), 413, '',
    'before anybody is asked for a key');
is ask($port, GET => '/inside/v1/models', undef, @key)->{status}, 404,
    'internal is internal';

$n->stop;
my $log = slurp("$n->{dir}/who.log");

like $log, qr{^/basic/\S+ 200 user mine -$}m, 'the log has both names';
like $log, qr{^/deny/\S+ 403 - mine forbidden$}m, 'and refusals';
like $log, qr{^/conn/\S+ 503 - - unavailable$}m, 'of limits too';

ends_clean($n);
$mock->stop;

done_testing;
