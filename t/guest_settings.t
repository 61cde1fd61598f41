#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Whatever is set in nginx for bodies, buffers, files and connections, a
# request has the same answer.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Certs;
use AIGateway::Checks qw(canary free_port);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $n = Nginx->new;
my $certs = AIGateway::Certs::make("$n->{dir}/certs");
my $mock = AIGateway::Mock->start(listeners => 2, args => ['--listen',
    '127.0.0.1:0,tls:127.0.0.1:0', '--tls', "$certs/good.pem",
    "$certs/good.key"]);
my ($up, $up_tls) = ('127.0.0.1:' . $mock->port, $mock->port(1));
my $key = canary('a client key', 'sk-client-');
my ($port, $tls) = (free_port(), free_port());

$ENV{OPENAI_API_KEY} = canary('the provider key');

my %settings = (
    plain => '',
    sendfile => 'sendfile on; tcp_nopush on; client_body_buffer_size 1k;',
    threads => 'sendfile on; aio threads; client_body_buffer_size 1k;',
    directio => 'directio 512; client_body_buffer_size 1k;',
    in_file => 'client_body_in_file_only clean;',
    in_one => 'client_body_in_single_buffer on; client_body_buffer_size 1m;',
    tiny => 'client_body_buffer_size 1; send_lowat 0; output_buffers 1 1;',
    no_chunks => 'chunked_transfer_encoding off;',
    no_keepalive => 'keepalive_timeout 0; lingering_close off;',
    lingering => 'lingering_close always; lingering_timeout 100ms;',
    reset => 'reset_timedout_connection on; tcp_nodelay off;',
    postponed => 'postpone_output 100k;',
    gzipped => 'gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any;',
    resolver => 'resolver 127.0.0.1:1; resolver_timeout 1s;',
    proxy => 'proxy_buffering on; proxy_cache off; proxy_intercept_errors on;'
        . ' proxy_set_header X-Evil yes; proxy_ignore_client_abort on;'
        . ' proxy_read_timeout 1ms; proxy_ssl_verify off;',
    ranges => 'max_ranges 1; etag on; expires 1h; if_modified_since before;',
    substituted => 'sub_filter_types *; sub_filter never ever;'
        . ' sub_filter_once off;',
    included => 'ssi on; ssi_types *;',
    split => 'subrequest_output_buffer_size 1k; client_header_buffer_size 64;'
        . ' connection_pool_size 256; request_pool_size 512;',
);
my $locations = join "\n", map { my $s = $settings{$_};
    # those two are settings of a server
    $s =~ s/client_header_buffer_size.*//;
    "location /$_/ { ai_gateway on; $s }" } sort keys %settings;

$n->{mock} = $mock;
$n->{http} = <<"END";
ai_provider openai { url http://$up/v1; key env:OPENAI_API_KEY; }
ai_provider safe {
    type openai;
    url https://localhost:$up_tls/v1;
    ca certs/ca.pem;
}
ai_model m { target openai m; }
ai_model safe { target safe m; }
server {
    listen 127.0.0.1:$port;
    listen 127.0.0.1:$tls ssl;
    ssl_certificate certs/good.pem;
    ssl_certificate_key certs/good.key;
    client_header_buffer_size 64;
    connection_pool_size 256;
    request_pool_size 512;
    ai_keys keys.json;
    $locations
}
END

write_keys("$n->{dir}/keys.json", { key => $key });
$n->start;


sub same {
    my ($name, $c) = @_;
    my $ask = sub {
        my ($body, @headers) = @_;
        @headers = ('X-Api-Key' => $key) if !@headers;
        my $to = $c ? AIGateway::Client->new(port => $tls, tls => {})
            : AIGateway::Client->new(port => $port);
        $to->write(AIGateway::Client::request(POST =>
            "/$name/v1/chat/completions", $body, @headers,
            'Content-Type' => 'application/json'));
        my $r = $to->response(5);
        $to->close;
        return $r;
    };
    my $is = $c ? "$name, TLS" : $name;
    my %long = (user => 'x' x 100_000);

    for my $model ('m', 'safe') {
        my $r = $ask->(chat_body({ model => $model }));
        ok $r->{complete} && $r->{body} =~ /^\{.*"chat.completion".*\}$/s,
            "$is: a reply of $model" or diag($r->{raw});
        $r = $ask->(chat_body({ model => $model, %long,
            mock => 'size=50000' }));
        ok $r->{complete} && length $r->{body} > 50_000,
            "$is: long ones of $model" or diag(substr $r->{raw}, 0, 1000);
        $r = $ask->(chat_body({ model => $model, stream => \1,
            mock => 'events=30,size=20000', %long }));
        ok $r->{complete} && $r->{body} =~ /\n\ndata: \[DONE\]\n\n\z/,
            "$is: a stream of $model" or diag($r->{raw});
    }

    is_error($ask->(''), 400, '', "$is: no body");
    is_error($ask->('{"model":'), 400, '', "$is: half a body");
    is_error($ask->(chat_body({ model => 'm', n => 0, %long })), 400, 'n',
        "$is: a long one that can't be");
    is_error($ask->(chat_body({ model => 'm', %long }), 'X-Api-Key' => 'x'),
        401, '', "$is: a refusal");
    return;
}


for my $name (sort keys %settings) {
    same($name);
}

same($_, 1) for qw(plain sendfile threads postponed no_chunks);

# chunks without a byte in them, where bodies are files

my $c = AIGateway::Client->new(port => $port);
$c->write("POST /in_file/v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Api-Key: "
    . "$key\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
is_error($c->response, 400, '', 'in_file: a body of no chunk');
$c->close;

$mock->idle;
is scalar(grep { grep { $_->[0] eq 'X-Evil' } @{ $_->{headers} } }
    $mock->journal), 0, 'proxy_set_header is for proxy_pass';

cmp_ok $n->stop, '<', 3, 'kept connections, with TLS and without, keep nobody';
ends_clean($n);

# a lot of workers fit into the zone that is there without a word

for my $workers (1, 16, 64, 512) {
    my $n = Nginx->new(workers => $workers, http =>
        "ai_provider x { type openai; url http://$up; }\nserver { listen "
        . "127.0.0.1:$port; location / { ai_gateway on; ai_auth none; } }");
    is +($n->check_conf)[0], 0, "$workers workers";
}

$mock->stop;

done_testing;
