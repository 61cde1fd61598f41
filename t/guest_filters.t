#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What becomes of an answer: the modules of nginx that add to it, compress it,
# replace it or copy the request do what their manual says.

use strict;
use warnings;

use Compress::Zlib ();
use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start(listeners => 2,
    args => ['--listen', '127.0.0.1:0,127.0.0.1:0']);
my ($up, $up2) = map { '127.0.0.1:' . $mock->port($_) } 0, 1;
my $key = canary('a client key', 'sk-client-');
my @key = (Authorization => "Bearer $key");
my $port = free_port();

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, http => <<"END");
log_format who '\$uri \$request_uri \$status \$ai_error \$ai_request_id';
access_log %%DIR%%/who.log who;
limit_req_zone \$server_port zone=one:1m rate=1r/m;
ai_zone gateway 8m;
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }
ai_provider shadow { type openai; url http://$up2/v1; }
ai_model gpt-4o-mini { target openai gpt-4o-mini; }
ai_model lost { target lost lost; retry 0; }
ai_provider lost { type openai; url http://127.0.0.1:1; }

server {
    listen 127.0.0.1:$port;
    ai_keys keys.json;
    root %%DIR%%;

    location /add/ {
        ai_gateway on;
        add_header X-Good yes;
        add_header X-Always yes always;
        add_header X-Id \$ai_request_id always;
        add_header X-Served "\$ai_provider \$ai_target_model" always;
    }
    location /gzip/ {
        ai_gateway on;
        gzip on;
        gzip_types application/json text/event-stream;
        gzip_min_length 1;
    }
    location /sub/ {
        ai_gateway on;
        sub_filter_types application/json;
        sub_filter mock rock;
        charset utf-8;
        charset_types application/json;
    }

    location /page/ {
        ai_gateway on;
        error_page 401 413 /own.html;
        error_page 400 =422 /own.html;
        error_page 502 =200 \@sorry;
        error_page 404 = \@sorry;
        client_max_body_size 10k;
    }
    location /self/ { ai_gateway on; error_page 401 404 /self/own.html; }
    location /away/ { ai_gateway on; error_page 401 http://login.test/; }
    location /proxied/ { ai_gateway on; error_page 502 /error/502; }
    location = /own.html { internal; }
    location \@sorry {
        default_type text/plain;
        return 200 "sorry \$ai_error\\n";
    }
    location /error/ { internal; proxy_pass http://$up/; }

    location /mirror/ {
        ai_gateway on;
        client_body_buffer_size 1k;
        mirror /copy;
    }
    location /mirrored/ {
        ai_gateway on;
        mirror /shadow/v1/chat/completions;
    }
    location /mirrordead/ { ai_gateway on; mirror /shadow/v1/nothing; }
    location /mirrorfull/ { ai_gateway on; mirror /full/v1/chat/completions; }
    location /full/ {
        internal;
        ai_gateway on;
        ai_auth none;
        limit_req zone=one;
    }
    location = /copy { internal; proxy_pass http://$up2/v1/chat/completions; }
    location /shadow/ { internal; ai_gateway on; ai_auth none; }
}
END

write_keys("$n->{dir}/keys.json", { key => $key });
spew("$n->{dir}/own.html", "<p>own page</p>\n");
chmod 0644, "$n->{dir}/own.html";
$n->start;


sub at {
    my ($prefix, $more, @headers) = @_;

    return ask($port, POST => "$prefix/v1/chat/completions", chat_body($more),
        @headers);
}


# add_header

my $r = at('/add', {}, @key);
is $r->{header}{'x-good'}, 'yes', 'add_header adds';
like $r->{header}{'x-request-id'}, qr/^[0-9a-f]{32}$/, 'a request has an id';
is $r->{header}{'x-id'}, $r->{header}{'x-request-id'}, 'and tells it';
is $r->{header}{'x-served'}, 'openai gpt-4o-mini', 'and who served it';

$r = at('/add');
is $r->{status}, 401, 'a refusal';
is $r->{header}{'x-good'}, undef, 'gets what is not "always" not';
is $r->{header}{'x-always'}, 'yes', 'gets what is';
is $r->{header}{'x-id'}, $r->{header}{'x-request-id'}, 'and has its id too';

# gzip

my @gzip = (@key, 'Accept-Encoding' => 'gzip');
my $plain = at('/add', {}, @key)->{body};

$r = at('/gzip', {}, @gzip);
is $r->{header}{'content-encoding'}, 'gzip', 'a reply is compressed';
is Compress::Zlib::memGunzip($r->{body}), $plain, 'and is the same';
is at('/gzip', {}, @key)->{header}{'content-encoding'}, undef,
    'not where that was not asked for';
$r = at('/gzip', { model => 'none' }, @gzip);
is "$r->{status} $r->{header}{'content-encoding'}", '404 gzip',
    'an error is compressed';
like Compress::Zlib::memGunzip($r->{body}), qr/^\{"error":\{"message":.*\}\}$/,
    'and is what it should be';

my $c = AIGateway::Client->new(port => $port);
$c->write(AIGateway::Client::request(POST => '/gzip/v1/chat/completions',
    chat_body({ stream => \1, mock => 'events=4,gap=150' }), @gzip,
    'Content-Type' => 'application/json'));
$r = $c->response;
my ($inflate) = Compress::Zlib::inflateInit(-WindowBits => 31);
my ($text) = $inflate->inflate(my $in = $r->{body});
ok $r->{complete}, 'a stream is compressed';
like $text, qr/\A(?:data: .*\n\n)+data: \[DONE\]\n\n\z/, 'and is the same';
cmp_ok scalar(@{ $r->{pieces} }), '>=', 4, 'it comes event by event';
cmp_ok $r->{first}, '<', 0.3, 'from the first one on';
$c->close;

# other filters

$r = at('/sub', {}, @key);
is $r->{body}, $plain =~ s/mock/rock/r, 'sub_filter substitutes';
is $r->{header}{'content-type'}, 'application/json; charset=utf-8',
    'charset is added';
is at('/sub')->{header}{'content-type'}, 'application/json; charset=utf-8',
    'to an error too';

# error_page

for (['a 401', 401, at('/page')], ['a 413', 413,
    at('/page', { user => 'x' x 20000 }, @key)], ['a 400, as a 422', 422,
    ask($port, POST => '/page/v1/chat/completions', '{', @key)])
{
    my ($name, $status, $r) = @$_;

    is "$r->{status} $r->{header}{'content-type'} $r->{body}",
        "$status text/html <p>own page</p>\n", "a page of one's own for $name";
    is $r->{header}{'content-length'}, 16, 'and its length';
}

$r = at('/page', { model => 'lost' }, @key);
is "$r->{status} $r->{body}", "200 sorry upstream\n",
    'a named location for a 502, which knows what went wrong';
is at('/page', { model => 'none' }, @key)->{body}, "sorry model_not_found\n",
    'and for a 404';
is_error(at('/self'), 401, '', 'a page within the gateway has its door');
is_error(at('/self', { model => 'none' }, @key), 404, '', 'and its routes');
is at('/away')->{header}{location}, 'http://login.test/',
    'a refusal may lead elsewhere';
$r = at('/proxied', { model => 'lost' }, @key);
is $r->{status}, 502, 'a page from another server';
is $r->{header}{'x-ai-provider'}, undef, 'is not marked as ours';

# mirror

for my $size (10, 100_000) {
    $mock->reset;
    is at('/mirror', { user => 'x' x $size }, @key)->{status}, 200,
        "mirror, $size bytes";
    $mock->idle;
    my @j = $mock->journal;
    is scalar(@j), 2, 'there are two';
    is $j[0]{sha256}, $j[1]{sha256}, 'with the same body';
}

$mock->reset;
is at('/mirrored', {}, @key)->{status}, 200, 'mirror to another gateway';
$mock->idle;
my @j = $mock->journal;
is scalar(@j), 2, 'there are two';
is $j[0]{sha256}, $j[1]{sha256}, 'with the same body';
isnt $j[0]{id}, $j[1]{id}, 'and ids of their own';

$mock->reset;
is at('/mirrordead', {}, @key)->{body}, $plain, 'a mirror that fails';
is at('/mirrorfull', {}, @key)->{body}, $plain, "a mirror that is $_"
    for 'taken', 'refused by limit_req';
$mock->idle;
$mock->reset;
at('/mirror', {}, @key);
is_error(at('/mirror'), 401, '', 'who is refused');
$mock->idle;
is scalar(() = $mock->journal), 2, 'is not mirrored';

$n->stop;
my $log = slurp("$n->{dir}/who.log");

like $log, qr{^/own.html /page/\S+ 401 unauthorized [0-9a-f]{32}$}m,
    'behind an error_page the log has what there was to say';

ends_clean($n);
$mock->stop;

done_testing;
