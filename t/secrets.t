#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Each secret is one that nobody else has; none of them may be found in what
# leaves: replies, logs at the debug level, metrics, "nginx -T", headers to
# anybody whom they are not for.

use strict;
use warnings;

use File::Basename qw(dirname);
use MIME::Base64 qw(encode_base64url);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Certs;
use AIGateway::Checks qw(canaries canary free_port slurp spew
    text_complaints);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my %secret = map { $_ => canary("the secret \"$_\"") }
    qw(env file proxy client disabled wrong basic query);
my $n = Nginx->new(level => 'debug');
my $certs = AIGateway::Certs::make("$n->{dir}/certs");
my $mock = AIGateway::Mock->start(listeners => 3, args => ['--listen',
    '127.0.0.1:0,127.0.0.1:0,tls:127.0.0.1:0', '--tls', "$certs/good.pem",
    "$certs/good.key"]);
my ($up, $up2) = map { 'http://127.0.0.1:' . $mock->port($_) . '/v1' } 0, 1;
my $tls = $mock->port(2);
my $proxy = AIGateway::Mock->start(program => 'connect-proxy.js',
    args => ['--user', "user:$secret{proxy}"]);
my $port = free_port();

$ENV{OPENAI_API_KEY} = $secret{env};
$ENV{AI_TEST_PROXY} = "user:$secret{proxy}";
spew("$n->{dir}/key", "$secret{file}\n");
chmod 0600, "$n->{dir}/key";

@$n{qw(mock main http)} = ($mock, 'env OPENAI_API_KEY; env AI_TEST_PROXY;',
    <<"END");
ai_zone gateway 8m;
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
ai_provider lab { type openai; url $up2; key file:key; }
ai_provider azure { url $up2; key file:key; }
ai_provider far { type openai; url https://localhost:$tls/v1;
    key env:OPENAI_API_KEY; ca certs/ca.pem;
    proxy http://127.0.0.1:@{[ $proxy->port ]} credentials=env:AI_TEST_PROXY; }
ai_provider liar { type openai; url https://127.0.0.1:$tls/v1; key file:key; }
ai_provider lost { type openai; url http://127.0.0.1:1; key file:key; }
ai_model m { target openai m; retry 0; }
ai_model lab { target lab m; retry 0; }
ai_model azure { target azure m; retry 0; }
ai_model far { target far m; retry 0; }
ai_model liar { target liar m; retry 0; }
ai_model lost { target lost m; fallback lab m; retry 1; }
server {
    listen 127.0.0.1:$port;
    listen unix:%%DIR%%/nginx.sock;
    access_log %%DIR%%/access.log;
    access_log %%DIR%%/json.log ai_log_json;
    ai_keys keys.json;
    location / { ai_gateway on; }
    location = /metrics { ai_metrics; }
    location = /health { ai_health live; }
}
END

write_keys("$n->{dir}/keys.json", { id => 'good', key => $secret{client} },
    { id => 'off', key => $secret{disabled}, disabled => \1 });
chmod 0600, "$n->{dir}/keys.json";
$n->start;

my @key = (Authorization => "Bearer $secret{client}");


sub via {
    my ($model, $mock, %more) = @_;

    return chat($port, { model => $model, mock => $mock, %more }, @key);
}


# they get where they belong

for (['m', 'env'], ['lab', 'file'], ['azure', 'file'], ['far', 'env'],
    ['lost', 'file'])
{
    my ($model, $which) = @$_;

    $mock->reset;
    is via($model, '')->{status}, 200, "$model works";
    $mock->idle;
    my ($j) = $mock->journal;
    my $mark = AIGateway::Mock::mark($secret{$which});

    is join(' ', map { "$_->[0]: $_->[1]" } grep { $_->[1] =~ /sha256:/ }
        @{ $j->{headers} }), $model eq 'azure' ? "api-key: $mark"
        : "Authorization: Bearer $mark", "$model gets its key and no other";
}

# and nowhere else, whatever goes wrong

for my $which (qw(env file)) {
    my ($model) = $which eq 'env' ? 'm' : 'lab';

    # as they say it: "Incorrect API key provided: sk-..."
    my $body = sub { encode_base64url(sprintf $_[0], $secret{$which}) };
    my $said = '{"error":{"message":"Incorrect API key provided: %s.",'
        . '"type":"invalid_request_error","param":null,"code":"invalid"}}';

    for my $status (400, 401, 402, 403, 404, 429, 500, 503, 529) {
        my $r = via($model, "status=$status,body=" . $body->($said));

        ok $r->{status} >= 400 && $r->{body} =~ /^\{"error":/,
            "$which: a $status that repeats the key" or diag($r->{raw});
    }

    via($model, 'status=401,ctype=text/html,body='
        . $body->("<html>%s</html>"));
    via($model, 'status=500,ctype=text/plain,body=' . $body->("%s"));
    via($model, 'status=200,ctype=text/html,body=' . $body->("<p>%s</p>"));
    via($model, 'status=200,body=' . $body->($said));
    via($model, "header=X-Key:$secret{$which},"
        . "header=Set-Cookie:k=$secret{$which}");
    via($model, "status=400,header=X-Key:$secret{$which}");
    via($model, "redirect=http://$secret{$which}/");

    for my $more ('', ',cut=e1', ',gap=20') {
        my $r = via($model, 'ctype=text/event-stream,body=' . $body->(
            "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\","
            . '"choices":[{"index":0,"delta":{"content":"a"},'
            . "\"finish_reason\":null}]}\n\ndata: $said\n\n") . $more,
            stream => \1);
        is $r->{status}, 200, "$which: a stream with an error that repeats it";
        unlike $r->{body}, qr/\[DONE\]/, 'which has no good end';
    }
}

is_error(via('liar', ''), 502, '', 'a certificate that is not trusted');
via('m', $_) for 'eofhead', 'rst=w0', 'cut=w10', 'html', 'gzip', 'empty',
    'status=204', 'endless=headers';
via('m', $_, stream => \1) for 'cut=e2', 'errevent=first', 'errevent=e2',
    'framing=badchunk';

# clients' own

chat($port, {}, Authorization => "Bearer $secret{$_}") for qw(disabled wrong);
chat($port, {}, "x-api-key" => $secret{wrong}, Cookie => "a=$secret{basic}");
chat($port, {}, Authorization => 'Basic ' . $secret{basic});
chat($port, { user => $secret{wrong}, n => 0, api_key => $secret{wrong} },
    @key);
chat($port, { model => 'nothing', api_key => $secret{wrong} }, @key);
is ask("$n->{dir}/nginx.sock", GET => '/v1/models', undef, @key)->{status}, 200,
    'a list';

for my $bad ("GET / HTTP/1.1\r\nHost: a b\r\nAuthorization: $secret{client}",
    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n"
    . "X-Api-Key: $secret{client}", "POST /v1/chat/completions HTTP/1.1\r\n"
    . "Host: x\r\nX-Api-Key: $secret{client}\r\nContent-Length: 5\r\n\r\n{\"a\":")
{
    my $c = AIGateway::Client->new(port => $port);
    $c->write("$bad\r\n\r\n");
    is $c->response->{status}, 400, 'a bad request';
    $n->saw($c->{in});
    $c->close;
}

# what there is to see

like ask($port, GET => '/metrics')->{body}, qr/ai_gateway_requests_total/,
    'metrics';
ask($port, GET => '/health');

my ($status, $said) = $n->run('-T');
is $status, 0, 'nginx -T';
like $said, qr/key env:OPENAI_API_KEY;/, 'shows where secrets are';
is join(' ', text_complaints('nginx -T', $said)), '', 'and not which';

for my $bad ("key $secret{file};", 'key file:broken;', "key env:$secret{env};",
    "query key=$secret{query};", "proxy http://u:$secret{proxy}\@h:1;",
    "url https://u:$secret{proxy}\@h/;")
{
    my $x = Nginx->new(http => "ai_provider x { type openai; "
        . ($bad =~ /^url/ ? '' : "url $up; ") . "$bad }");
    spew("$x->{dir}/broken", "$secret{file}\n$secret{env}\n");
    my ($status, $said) = $x->check_conf;
    isnt $status, 0, 'nginx -t refuses: ' . ($bad =~ s/ .*//r);

    # a variable's name, a query and a URL are no secrets to nginx
    is join(' ', grep { !/"(?:proxy|query|env)"$/ }
        text_complaints('nginx -t', $said)), '', 'and keeps the secret';
}

my $json = slurp("$n->{dir}/json.log");
is join(' ', text_complaints('the log', $json)), '', 'the log of JSON';
cmp_ok scalar(() = $json =~ /^\{/mg), '>', 40, 'which has all of that';

is scalar(canaries()), 8, 'there were eight secrets';
ends_clean($n);
$mock->stop;
$proxy->stop;

done_testing;
