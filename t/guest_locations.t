#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A gateway in every kind of location, and behind every way to get there.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start(listeners => 2,
    args => ['--listen', '127.0.0.1:0,127.0.0.1:0']);
my ($up, $up2) = map { '127.0.0.1:' . $mock->port($_) } 0, 1;
my $key = canary('a client key', 'sk-client-');
my @auth = (Authorization => "Bearer $key");
my %port = map { $_ => free_port() } qw(main root exact keys http);

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
ai_zone gateway 8m;
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }
ai_provider second { type openai; url http://$up2/v1; }
ai_provider lost { type openai; url http://127.0.0.1:1; }
ai_provider quick {
    type openai;
    url http://$up/v1;
    timeout first_token=200ms total=300ms;
}
ai_model quick { target quick m; retry 0; }
ai_model gpt-4o-mini { target openai gpt-4o-mini; }
ai_model lost { target lost lost; retry 0; }

map \$http_x_wanted \$wanted { default no; please yes; }
map \$ai_model \$mapped { default none; gpt-4o-mini mini; }
log_format mine '\$uri \$seen \$mapped \$ai_model \$status';
access_log %%DIR%%/mine.log mine;

server {
    listen 127.0.0.1:$port{main};
    ssi on;
    ssi_types text/plain;
    set \$seen nothing;

    location /llm/ { ai_gateway on; ai_auth none; }
    location /bare { ai_gateway on; ai_auth none; }
    location /cors/ {
        ai_gateway on;
        ai_keys keys.json;
        add_header Access-Control-Allow-Origin * always;
        if (\$request_method = OPTIONS) {
            add_header Access-Control-Allow-Headers authorization;
            return 204;
        }
    }
    location /said/ { ai_gateway on; ai_auth none; return 200 said; }
    location /v1/ { ai_gateway on; ai_auth none; }
    location ^~ /first/ { ai_gateway on; ai_auth none; }
    location ~ ^/[a-z]+/re/(.*)\$ {
        set \$rest \$1;
        rewrite ^ /\$rest break;
        ai_gateway on;
        ai_auth none;
    }
    location ~* /V1/EMBEDDINGS\$ { ai_gateway on; ai_auth none; }
    location /outer/ {
        ai_auth none;
        location /outer/inner/ { ai_gateway on; }
        return 404;
    }
    location /if/ {
        ai_gateway on;
        ai_keys keys.json;
        if (\$http_x_if = yes) { set \$seen if; }
        if (\$http_x_stop) { return 403; }
    }
    location /ifv1/v1/ {
        ai_gateway on;
        ai_auth none;
        if (\$wanted = yes) { set \$seen wanted; }
        rewrite ^/ifv1(/.*) \$1 break;
    }
    location /renamed/ { rewrite ^/renamed/(.*) /v1/\$1 last; }
    location /tried/ { try_files \$uri \@gateway; }
    location /named/ {
        rewrite ^/named(/.*) \$1;
        error_page 418 = \@gateway;
        return 418;
    }
    location /nowhere/ { error_page 404 = \@gateway; root %%DIR%%; }
    location \@gateway {
        rewrite ^/(?:tried|named)(/.*) \$1 break;
        ai_gateway on;
        ai_auth none;
    }
    location /third/ {
        rewrite ^/third(/.*) \$1 break;
        ai_gateway on;
        ai_auth none;
        error_page 504 = \@other;
    }
    location /second/ {
        rewrite ^/second(/.*) \$1 break;
        ai_gateway on;
        ai_auth none;
        error_page 502 = \@other;
    }
    location \@other { proxy_pass http://$up2; }
    location /tier/ {
        ai_gateway on;
        ai_keys keys.json;
        error_page 401 502 504 = \@public;
    }
    location \@public {
        rewrite ^/tier(/.*) \$1 break;
        ai_gateway on;
        ai_auth none;
    }
    location = /metrics { ai_metrics; }
    location /limited/ {
        ai_gateway on;
        ai_keys keys.json;
        limit_except POST { deny all; }
    }
    location /include { default_type text/plain; root %%DIR%%; }
    location = /off { ai_gateway off; return 200 off; }
}
server {
    listen 127.0.0.1:$port{exact};
    location = /v1/chat/completions { ai_gateway on; ai_auth none; }
    location = /v1/models { ai_gateway on; ai_keys keys.json; }
}
server {
    listen 127.0.0.1:$port{root};
    location / { ai_gateway on; ai_auth none; }
}
server {
    listen 127.0.0.1:$port{root};
    server_name locked.test *.locked.test ~^re\\.;
    location / { ai_gateway on; ai_keys keys.json; }
}
server {
    listen 127.0.0.1:$port{keys};
    ai_keys keys.json;
    location / {
        ai_gateway on;
        location /open/ { ai_gateway on; ai_auth none; }
    }
}
END

write_keys("$n->{dir}/keys.json", { key => $key });
spew("$n->{dir}/include", '[<!--# include virtual="/llm/v1/models" -->]'
    . '[<!--# include virtual="/llm/v1/nothing" -->]');
$n->start;


sub passes {
    my ($where, $prefix, $name, @headers) = @_;
    my $r = ask($port{$where}, POST => "$prefix/v1/chat/completions",
        chat_body(), @headers);

    ok $r->{status} == 200 && $r->{body} =~ /"chat.completion"/, $name
        or diag($r->{raw});
    return;
}


sub metric {
    my ($name) = @_;
    my $sum = 0;

    $sum += $_ for ask($port{main}, GET => '/metrics')->{body}
        =~ /^$name\{.*\} (\d+)$/mg;
    return $sum;
}


sub requests { return metric('ai_gateway_requests_total') }

sub in_flight { return metric('ai_gateway_in_flight') }


passes('root', '', 'location /');
passes('main', '', 'location /v1/ has the routes below /v1');
passes('main', '/llm', 'location /llm/ has the routes behind its name');
passes('main', '/bare', 'location /bare too');
passes('main', '/first', 'location ^~ /first/ too');
passes('main', '/any/re', 'a location by regex, with what it rewrites to');
is ask($port{main}, POST => '/v1/embeddings',
    '{"model":"gpt-4o-mini","input":"x"}')->{status}, 200,
    'a location by regex has the path as it is';
passes('exact', '', 'location = /v1/chat/completions');
is_error(ask($port{exact}, GET => '/v1/models'), 401, '',
    'location = /v1/models');
is ask($port{exact}, GET => '/v1/models', undef, @auth)->{status}, 200,
    'location = /v1/models with a key';
is ask($port{exact}, POST => '/v1/embeddings', chat_body())->{status}, 404,
    'and no other path';
passes('main', '/outer/inner', 'a location in a location');
is ask($port{main}, POST => '/outer/v1/chat/completions', chat_body())
    ->{status}, 404, 'and not the one around it';
is ask($port{main}, GET => '/off')->{body}, 'off', 'ai_gateway off is none';

# if, rewrite, set, map

passes('main', '/if', 'with an if that does not apply', @auth);
passes('main', '/if', 'with an if that applies', @auth, 'X-If' => 'yes');
is_error(ask($port{main}, POST => '/if/v1/chat/completions', chat_body(),
    'X-If' => 'yes'), 401, '', 'an if opens no door');
is ask($port{main}, POST => '/if/v1/chat/completions', chat_body(), @auth,
    'X-Stop' => 1)->{status}, 403, 'an if may return';
passes('main', '/ifv1', 'if, rewrite and a variable of map',
    'X-Wanted' => 'please');
is ask($port{main}, POST => '/renamed/chat/completions', chat_body())
    ->{status}, 200, 'a rewrite into the gateway';
is ask($port{main}, GET => '/renamed/nothing')->{status}, 404,
    'a rewrite to what is no route';
passes('main', '/tried', 'try_files into the gateway');
passes('main', '/named', 'error_page into the gateway');

# what browsers ask first

my $r = ask($port{main}, OPTIONS => '/cors/v1/chat/completions');
is "$r->{status} $r->{header}{'access-control-allow-headers'} $r->{body}",
    '204 authorization ', 'an if may answer OPTIONS';
passes('main', '/cors', 'and lets others pass', @auth);
$r = ask($port{main}, POST => '/cors/v1/chat/completions', chat_body());
is "$r->{status} $r->{header}{'access-control-allow-origin'}", '401 *',
    'or not';
is ask($port{main}, GET => '/said/v1/models')->{body}, 'said',
    'what is returned is returned';

# limit_except is a location within

passes('main', '/limited', 'limit_except lets POST pass', @auth);
is_error(ask($port{main}, POST => '/limited/v1/chat/completions',
    chat_body()), 401, '', 'with a key only');
is_error(ask($port{main}, GET => '/limited/v1/models', undef, @auth), 403, '',
    'limit_except denies others, in JSON');
is_error(ask($port{main}, GET => '/limited/v1/models'), 401, '',
    'and who has no key is told that');

# servers by their names

for my $host (qw(locked.test sub.locked.test re.x)) {
    my $c = AIGateway::Client->new(port => $port{root});
    $c->write("GET /v1/models HTTP/1.1\r\nHost: $host\r\n\r\n");
    is $c->response->{status}, 401, "the door of $host";
}

passes('keys', '/open', 'a location with a choice of its own');
is_error(ask($port{keys}, POST => '/v1/chat/completions', chat_body()), 401,
    '', 'and the one around it');

# a failure may go elsewhere
is ask($port{main}, POST => '/second/v1/chat/completions',
    chat_body({ model => 'lost' }))->{status}, 200,
    'error_page to another server, when no provider answers';

# which has all the time it wants

$r = ask($port{main}, POST => '/second/v1/chat/completions',
    chat_body({ model => 'lost', stream => \1, mock => 'events=10,gap=60' }));
ok $r->{complete} && $r->{body} =~ /\[DONE\]\n\n\z/, 'even for a stream';
$r = ask($port{main}, POST => '/third/v1/chat/completions',
    chat_body({ model => 'quick', stream => \1, mock => 'delay=250,events=10,'
    . 'gap=60' }));
ok $r->{complete} && $r->{body} =~ /\[DONE\]\n\n\z/,
    'and behind the time of the first' or diag($r->{raw});

# from gateway to gateway

my $requests = requests();
is ask($port{main}, POST => '/tier/v1/chat/completions', chat_body())
    ->{status}, 200, 'error_page to another gateway';
is ask($port{main}, POST => '/tier/v1/chat/completions', chat_body(), @auth)
    ->{status}, 200, 'which who has a key needs not';
is_error(ask($port{main}, POST => '/tier/v1/chat/completions',
    chat_body({ model => 'lost' }), @auth), 502, '', 'nor is helped by');
is_error(ask($port{main}, POST => '/tier/v1/chat/completions',
    chat_body({ model => 'quick', mock => 'delay=1000' }), @auth), 504, '',
    'whichever way it fails');
is requests() - $requests, 4, 'each is one request';
is in_flight(), 0, 'and none is open';

# subrequests

$r = ask($port{main}, GET => '/include');
like $r->{body}, qr/^\[\{"object":"list".*\}\]\[/,
    'SSI includes what the gateway answers';
like $r->{body}, qr/"code":"unknown_url"/, 'and its errors';

$n->stop;
my $log = slurp("$n->{dir}/mine.log");

like $log, qr{^/if/v1/chat/completions if mini gpt-4o-mini 200$}m,
    'variables of the request in map, those of rewrite in the log';
like $log, qr{^/v1/chat/completions wanted mini gpt-4o-mini 200$}m,
    'and with all of them together';

ends_clean($n);
$mock->stop;

done_testing;
