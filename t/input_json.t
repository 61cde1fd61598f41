#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A body that can't be right is refused with a sentence that names the field,
# and no provider hears of it.

use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(time);

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port);
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $up = 'http://127.0.0.1:' . $mock->port . '/v1';
my $port = free_port();
my $prompt = 'prompt-' . join '', map { chr 97 + rand 26 } 1 .. 20;

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, level => 'debug', http => <<"END");
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
ai_provider other { type openai; url $up; }
ai_model m { target openai m; }
server {
    listen 127.0.0.1:$port;
    client_max_body_size 20m;
    location / { ai_gateway on; ai_auth none; }
}
END

$n->start;


sub post {
    my ($body, $path) = @_;

    return ask($port, POST => $path // '/v1/chat/completions', $body);
}


sub refused {
    my ($name, $param, $like, $body, $path) = @_;
    my $e = is_error(post($body, $path), 400, $param, $name);

    like $e->{message}, $like, "$name: the sentence";
    return;
}


my $m = qq("model":"m");
my $x = qq("messages":[{"role":"user","content":"$prompt"}]);

# not JSON, or not only

my $not = qr/^The request body is not valid JSON: .+ at byte \d+\.$/;

refused("JSON that is cut: $_", '', $not, substr qq({$m,$x}), 0, $_)
    for 1, 5, 12, 30, length(qq({$m,$x})) - 1;
refused("not JSON: $_->[0]", '', $not, $_->[1]) for
    ['nothing', ''], ['blanks', '  '], ['a word', 'hello'],
    ['a form', 'model=m&messages=x'], ['two documents', "{$m,$x}{}"],
    ['something behind it', "{$m,$x}x"], ['a comma too much', "{$m,$x,}"],
    ['a comma too little', "{$m $x}"], ['no colon', '{"model" "m"}'],
    ['single quotes', "{'model':'m'}"], ['a comment', "{$m,/* */$x}"],
    ['NaN', "{$m,$x,\"n\":NaN}"], ['Infinity', "{$m,$x,\"n\":-Infinity}"],
    ['a plus', "{$m,$x,\"n\":+1}"], ['a zero before', "{$m,$x,\"n\":01}"],
    ['hexadecimal', "{$m,$x,\"n\":0x1}"], ['a tab', "{$m,$x,\"a\":\"\t\"}"],
    ['a NUL', "{$m,$x,\"a\":\"\0\"}"], ['a NUL behind it', "{$m,$x}\0"],
    ['a byte order mark', "\xef\xbb\xbf{$m,$x}"],
    ['UTF-16', join '', map { "$_\0" } split //, "{$m,$x}"],
    ['bad UTF-8', "{$m,$x,\"a\":\"\xff\"}"],
    ['an overlong slash', "{$m,$x,\"a\":\"\xc0\xaf\"}"],
    ['a surrogate in UTF-8', "{$m,$x,\"a\":\"\xed\xa0\x80\"}"],
    ['UTF-8 that is cut', "{$m,$x,\"a\":\"\xe2\x82\"}"],
    ['half a surrogate pair', "{$m,$x,\"a\":\"\\ud800\"}"],
    ['half a pair, reversed', "{$m,$x,\"a\":\"\\udc00\\ud800\"}"],
    ['an unknown escape', "{$m,$x,\"a\":\"\\x\"}"],
    ['a bad \\u', "{$m,$x,\"a\":\"\\u12g4\"}"],
    ['brackets that do not match', "{$m,$x,\"a\":[}]}"],
    ['a gzip header', "\x1f\x8b\x08\0\0\0"];

refused("not an object: $_", '',
    qr/^The request body must be a JSON object\.$/, $_)
    for '[]', '"x"', '1', 'null', 'true';

# bombs

for (['arrays', '[' x 100_000], ['arrays that end', '[' x 100_000 . ']' x
    100_000], ['objects', '{"a":' x 100_000], ['10 MB of them', '[' x 10e6])
{
    my ($name, $text) = @$_;
    my $start = time;

    refused("too deep: $name", '', qr/deep/, qq({$m,$x,"a":$text));
    cmp_ok time - $start, '<', 2, "too deep: $name: at once";
}

is post(qq({$m,$x,"a":) . '[' x 60 . ']' x 60 . '}')->{status}, 200,
    'what is not too deep passes';

for (['a million members', join(',', map { qq("k$_":$_) } 1 .. 1e6)],
    ['a number of a megabyte', '"a":' . '1' x 1e6],
    ['a string of ten', '"a":"' . 'x' x 10e6 . '"'],
    ['a name of one', '"' . 'x' x 1e6 . '":1'])
{
    my $start = time;
    is post("{$m,$x,$_->[1]}")->{status}, 200, "$_->[0] passes";
    cmp_ok time - $start, '<', 3, "$_->[0]: in time";
}

# members that decide, given twice

for (['model', $m], ['model', q("mo\u0064el":"m")],
    ['model', q("\u006d\u006f\u0064\u0065\u006c":"x")], ['model', '"model":1'],
    ['stream', '"stream":true,"stream":false'],
    ['stream', '"stream":true,"str\u0065am":true'],
    ['max_tokens', '"max_tokens":1,"max_tokens":2'],
    ['max_completion_tokens',
        '"max_completion_tokens":1,"max_completion_tokens":1'],
    ['n', '"n":1,"n":1'], ['messages', '"messages":[]'],
    ['stream_options', '"stream_options":{},"stream_options":{}'],
    ['stream_options.include_usage', '"stream_options":{"include_usage":true,'
        . '"include_usage":false}'])
{
    my ($param, $more) = @$_;
    refused("twice: $more", $param,
        qr/^"\Q$param\E" is given more than once\.$/, "{$m,$x,$more}");
}

is post(qq({$m,$x,"mock":"","metadata":{"model":"a","stream":1,"n":"x"},
    "nested":[{"model":1,"model":2}]}))->{status}, 200,
    'deeper ones decide nothing';

# wrong types

for (['model', '"model":1'], ['model', '"model":true'],
    ['model', '"model":{}'], ['model', '"model":["m"]'],
    ['stream', qq($m,"stream":"true")],
    ['stream', qq($m,"stream":1)], ['stream', qq($m,"stream":[])],
    ['stream_options', qq($m,"stream_options":true)],
    ['stream_options.include_usage',
        qq($m,"stream_options":{"include_usage":"yes"})],
    ['max_tokens', qq($m,"max_tokens":"1")], ['n', qq($m,"n":true)],
    ['tools', qq($m,"tools":{})])
{
    my ($param, $more) = @$_;
    refused("of a wrong type: $more", $param,
        qr/^"\Q$param\E" is of the wrong type\.$/, "{$x,$more}");
}

refused("messages as $_", 'messages', qr/^"messages" is of the wrong type\.$/,
    qq({$m,"messages":$_})) for '{}', '"hi"', '1';

for my $name (qw(max_tokens max_completion_tokens n)) {
    refused("$name: $_", $name, qr/^"$name" must be an integer, 0 or more\.$/,
        qq({$m,$x,"$name":$_})) for qw(-1 1.5 1e3 9223372036854775808
            -9223372036854775809 1e400 99999999999999999999999);
}

refused("n: $_", 'n', qr/^"n" must be from 1 to 128\.$/, qq({$m,$x,"n":$_}))
    for 0, 129, '1000000000', '9223372036854775807';
is post(qq({$m,$x,"n":1,"max_tokens":$_}))->{status}, 200,
    "max_tokens: $_ is the provider's to judge"
    for 0, 1, 999999999, '9223372036854775807';

# what is missing

for (['messages', $m], ['messages', qq($m,"messages":null)], ['model', $x],
    ['model', ''], ['model', qq("model":null,$x)],
    ['input', $m, '/v1/embeddings'], ['model', '"input":"x"', '/v1/embeddings'],
    ['input', $m, '/v1/audio/speech'],
    ['prompt', $m, '/v1/images/generations'],
    ['query', "$m,\"documents\":[]", '/v1/rerank'],
    ['documents', "$m,\"query\":\"x\"", '/v1/rerank'])
{
    my ($param, $body, $path) = @$_;
    refused("without $param" . ($path ? ": $path" : ''), $param,
        qr/^"$param" is missing\.$/, "{$body}", $path);
}

# names of models

refused("a model's name: $_->[0]", 'model', qr/^"model" is no model's name\.$/,
    qq({$x,"model":"$_->[1]"})) for ['empty', ''], ['a blank', 'a b'],
    ['a line feed', 'm\n'], ['CR LF and a header', 'm\r\nX-Evil: 1'],
    ['a NUL', 'm\u0000'], ['an escape', 'm\u001b[31m'], ['DEL', 'm\u007f'],
    ['not ASCII', "m\xc3\xa9"], ['10 KB', 'x' x 10240], ['257', 'x' x 257];

for ('unknown', 'openai', 'openai/', '/m', 'OpenAI/m', 'x/m', '../m', 'm/../m',
    'm#x', 'm?key=x', 'm%2f..', 'x' x 256)
{
    my $r = post(qq({$x,"model":"$_"}));
    is_error($r, 404, 'model', 'no such model: ' . substr $_, 0, 20);
}

$mock->idle;
my %models = map { $_->{model} => 1 } $mock->journal;
is_deeply \%models, { m => 1 }, 'no provider heard of any of that';
is scalar($mock->journal), 10, 'but of what was right';

unlike $n->log, qr/$prompt/, 'no prompt is in the log, at any level';
ends_clean($n);
$mock->stop;

done_testing;
