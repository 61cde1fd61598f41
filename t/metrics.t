#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# /metrics says what happened, no more and no less.

use strict;
use warnings;

use File::Basename qw(dirname);
use IPC::Open2 qw(open2);
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep time);

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start(listeners => 2,
    args => ['--listen', '127.0.0.1:0,127.0.0.1:0']);
my ($up, $up2) = map { 'http://127.0.0.1:' . $mock->port($_) . '/v1' } 0, 1;
my $key = canary('a client key', 'sk-client-');
my @key = (Authorization => "Bearer $key");
my $port = free_port();

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, workers => 2, http => <<"END");
ai_zone gateway 32m;
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
ai_provider second { type openai; url $up2; }
ai_provider lost { type openai; url http://127.0.0.1:1; }
ai_model gpt-4o-mini { alias mini-*; target openai gpt-4o-mini; }
ai_model two { target lost x; fallback openai gpt-4o-mini; retry 1; }
ai_model gone { target lost x; retry 0; }
ai_model again { target second m; retry 2 backoff=1ms..2ms; }
ai_model slow {
    target timed m;
    retry 0;
}
ai_provider timed {
    type openai;
    url $up2;
    timeout first_token=200ms total=300ms;
}
server {
    listen 127.0.0.1:$port;
    ai_keys keys.json;
    location / { ai_gateway on; }
    location = /metrics { ai_metrics; }
}
END

write_keys("$n->{dir}/keys.json", { key => $key }, { key => "some-$key",
    allow => ['two'] });
$n->start;

my (%metric, $errors);


sub scrape {
    my $r = ask($port, GET => '/metrics');
    my $text = $r->{body};

    my $pid = open2(my $out, my $in, $ENV{NODE} || 'node',
        dirname(__FILE__) . '/lib/prometheus.js');
    print $in $text;
    close $in;
    $errors = join '', <$out>;
    waitpid $pid, 0;

    %metric = $text =~ /^([^#\s]\S*?(?:\{.*\})?) (\S+)$/mg;
    return $r;
}


# the sum of all samples of a name with these labels
sub value {
    my ($name, %labels) = @_;
    my $sum = 0;

    for (keys %metric) {
        my ($of, $with) = /^([^{]+)(?:\{(.*)\})?$/;
        my %has = ($with // '') =~ /(\w+)="([^"]*)"/g;

        $sum += $metric{$_} if $of eq $name
            && !grep { ($has{$_} // '') ne $labels{$_} } keys %labels;
    }

    return $sum;
}


sub counted {
    my ($name, $labels, $want, $what) = @_;

    is value($name, %$labels), $want, $what
        or diag(substr join("\n", map { "$_ $metric{$_}" }
            sort grep { /^$name/ } keys %metric), 0, 5000);
    return;
}


# before anything

my $r = scrape();
like $errors, qr/ 0 errors$/, 'an empty page is a good one';
is $r->{header}{'content-type'}, 'text/plain; version=0.0.4', 'its type';
counted('ai_gateway_requests_total', {}, 0, 'nothing is counted');
counted('ai_gateway_in_flight', {}, 0, 'nothing is in flight');
cmp_ok abs(value('ai_gateway_config_loaded_timestamp_seconds') - time), '<', 60,
    'the configuration is new';
is value('ai_gateway_build_info'), 1, 'and so is the build';

# requests of all sorts

my $sent = 0;
my %stream = (stream => \1);


sub many {
    my ($times, $more, @headers) = @_;

    $sent += $times;
    return map { chat($port, $more, @headers)->{status} } 1 .. $times;
}


is join(' ', many(5, {}, @key)), '200 200 200 200 200', 'five chats';
is join(' ', many(3, { %stream, mock => 'events=6,gap=20' }, @key)),
    '200 200 200', 'three streams';
is join(' ', many(2, { mock => 'cached=3,reasoning=7' }, @key)), '200 200',
    'two with other tokens';
is join(' ', many(1, { mock => 'usage=none' }, @key)), '200', 'one with none';
is join(' ', many(2, { model => 'mini-me' }, @key)), '200 200', 'two by alias';
is join(' ', many(2, { model => 'two' }, @key)), '200 200', 'two by fallback';
is join(' ', many(2, { model => 'gone' }, @key)), '502 502', 'two to nobody';
is join(' ', many(1, { model => 'again',
    mock => 'status=529,seq=m|status=503|status=200' }, @key)), '200',
    'one that is retried';
is join(' ', many(1, { mock => 'status=429,seq=r' }, "x-api-key" => $key)),
    '429', 'one over the limit';
is join(' ', many(1, { mock => 'status=418' }, @key)), '418', 'one teapot';
is join(' ', many(1, { model => 'slow', mock => 'delay=1000' }, @key)), '504',
    'one that is too slow';
is join(' ', many(3, { model => 'none' }, @key)), '404 404 404',
    'three for no model';
is join(' ', many(2, {})), '401 401', 'two without a key';
is join(' ', many(1, {}, 'x-api-key' => "some-$key")), '403',
    'one that may not';
is join(' ', many(1, { n => 0 }, @key)), '400', 'one that can\'t be';

$sent += 4;
is ask($port, POST => '/v1/embeddings', '{"model":"gpt-4o-mini","input":"x"}',
    @key)->{status}, 200, 'embeddings';
is ask($port, GET => '/v1/models', undef, @key)->{status}, 200, 'models';
is ask($port, GET => '/v1/none', undef, @key)->{status}, 404, 'no route';
is ask($port, PUT => '/v1/models', undef, @key)->{status}, 405, 'no method';

# one that is cut, one that is left: after it was seen in flight

is chat($port, { %stream, mock => 'cut=e3' }, @key)->{status}, 200, 'one cut';

my $c = AIGateway::Client->new(port => $port);
$c->write(AIGateway::Client::request(POST => '/v1/chat/completions',
    chat_body({ %stream, mock => 'stall=e3' }), @key,
    'Content-Type' => 'application/json'));
$c->read_until(qr/data: /);
$sent += 2;

scrape();
counted('ai_gateway_in_flight', { kind => $_ }, 1, "in flight: $_")
    for qw(requests streams upstreams);
$c->abort;
$mock->idle;
$n->wait_for(sub { scrape(); !value('ai_gateway_in_flight') });

like $errors, qr/ 0 errors$/, 'a full page is a good one';
counted('ai_gateway_in_flight', {}, 0, 'nothing is in flight any more');

# requests

my %status = (200 => 20, 400 => 1, 401 => 2, 403 => 1, 404 => 4, 405 => 1,
    429 => 1, 502 => 2, 504 => 1, '4xx' => 1);

counted('ai_gateway_requests_total', {}, $sent, 'each request is counted');
counted('ai_gateway_requests_total', { status => $_ }, $status{$_},
    "requests: $_") for sort keys %status;
counted('ai_gateway_requests_total', { operation => 'embeddings',
    provider => 'openai', model => 'gpt-4o-mini', status => 200 }, 1,
    'requests: by operation, provider and model');
counted('ai_gateway_requests_total', { model => 'mini-me' }, 2,
    'requests: by the name that was asked for');
counted('gen_ai_client_operation_duration_seconds_count', {}, $sent,
    'each has a duration');
counted('gen_ai_client_operation_duration_seconds_count',
    { error_type => $_->[0] }, $_->[1], "errors: $_->[0]")
    for ['unauthorized', 2], ['forbidden', 1], ['not_found', 1],
        ['method_not_allowed', 1],
        ['model_not_found', 3], ['invalid_request', 1], ['upstream', 2],
        ['timeout', 1], ['provider_error', 2], ['cut', 1], ['client_abort', 1],
        ['', $sent - 16];
counted('ai_gateway_client_aborts_total', {}, 1, 'who went away');
counted('ai_gateway_auth_failures_total', { reason => 'missing' }, 2,
    'who had no key');
counted('ai_gateway_auth_failures_total', { reason => 'model' }, 1,
    'who had not the right one');

# attempts

counted('ai_gateway_attempts_total', { provider => $_->[0], fault => $_->[1] },
    $_->[2], "attempts: $_->[0], $_->[1]")
    for ['openai', 'none', 16], ['openai', '429', 3], ['openai', 'client', 1],
        ['openai', 'bad_body', 1], ['openai', 'abort', 1],
        ['lost', 'connect', 4], ['second', '5xx', 2], ['second', 'none', 1],
        ['timed', 'timeout', 1];
counted('ai_gateway_retries_total', {}, 6, 'calls beyond the first');
counted('ai_gateway_fallbacks_total', {}, 2, 'calls to another target');

# streams and tokens

counted('ai_gateway_streams_total', {}, 5, 'streams');
my $first = 'gen_ai_client_operation_time_to_first_chunk_seconds';
my $chunk = 'gen_ai_client_operation_time_per_output_chunk_seconds';
counted("${first}_count", {}, 5, 'the time to the first chunk');
my $chunks = value("${chunk}_count");
cmp_ok $chunks, '>=', 15, 'the time of each other chunk';
cmp_ok value("${chunk}_sum"), '>', 0.2, 'in seconds';
cmp_ok value("${chunk}_sum"), '<', 2, 'of which there were few';

my %used = (input => 0, cache_read => 0, output => 0, reasoning => 0);

for my $j (grep { $_->{usage} && $_->{usage_sent}
    && $_->{ended} eq 'complete' } $mock->journal)
{
    my $u = $j->{usage};

    $used{input} += $u->{prompt} - $u->{cached};
    $used{cache_read} += $u->{cached};
    $used{output} += $u->{completion} - $u->{reasoning};
    $used{reasoning} += $u->{reasoning};
}

cmp_ok $used{$_}, '>', 5, "the mock has used tokens: $_" for sort keys %used;
counted('ai_gateway_tokens_total', { type => $_ }, $used{$_},
    "and they are counted: $_") for sort keys %used;
counted('gen_ai_client_token_usage_sum', { gen_ai_token_type => 'input' },
    $used{input} + $used{cache_read}, 'all input');
counted('gen_ai_client_token_usage_sum', { gen_ai_token_type => 'output' },
    $used{output} + $used{reasoning}, 'all output');

# names of models have no end, series have

my $names = 1500;
my $limit = value('ai_gateway_metrics_series_limit');
my $before = value('ai_gateway_requests_total');
$c = AIGateway::Client->new(port => $port);

for my $i (1 .. $names) {
    my $bad = $i % 3 == 0;
    $c->write(AIGateway::Client::request(POST => '/v1/chat/completions',
        chat_body({ model => ($bad ? '' : 'openai/') . "m$i-" . 'x' x 80 }),
        @key, 'Content-Type' => 'application/json'));
    $c->response->{status} == ($bad ? 404 : 200) or die "chat $i\n";
    if ($i % 900 == 0) {
        $c->close;
        $c = AIGateway::Client->new(port => $port);
    }
}

$c->close;
$r = scrape();
like $errors, qr/ 0 errors$/, 'a page of many models is a good one';
cmp_ok value('ai_gateway_metrics_series'), '<=', $limit, 'series have a limit';
cmp_ok scalar(() = $r->{body} =~ /^ai_gateway_requests_total\{.*m\d+-x/mg),
    '<', $limit, 'names of models are bounded';
is scalar(() = $r->{body} =~ /model="[^"]{65}/g), 0, 'and cut';
cmp_ok value('ai_gateway_requests_total', model => '_other'), '>', 0,
    'the rest is counted together';
counted('ai_gateway_requests_total', {}, $before + $names,
    'and nothing is lost');
counted('ai_gateway_requests_total', { model => 'gpt-4o-mini', status => 200 },
    14, 'names of the configuration stay');
cmp_ok $r->{first}, '<', 2, 'its ' . length($r->{body}) . ' bytes come soon';

$n->reload;
scrape();
counted('ai_gateway_requests_total', {}, $before + $names,
    'a reload keeps what was counted');

ends_clean($n);
$mock->stop;

done_testing;
