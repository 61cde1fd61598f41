#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Forms: what is no form is refused, with the field that is wrong; what is one
# goes to the provider as it is.

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
my $key = canary('a client key', 'sk-client-');

$ENV{OPENAI_API_KEY} = canary('the provider key');

my $n = Nginx->new(mock => $mock, level => 'debug', http => <<"END");
ai_provider openai { url $up; key env:OPENAI_API_KEY; }
ai_provider other { type openai; url $up; }
ai_model whisper-1 { target openai whisper-1; }
ai_model gpt-image-1 { target openai gpt-image-1; }
server {
    listen 127.0.0.1:$port;
    ai_keys keys.json;
    client_max_body_size 20m;
    location / { ai_gateway on; }
}
END

write_keys("$n->{dir}/keys.json", { key => $key, allow => ['whisper-1'] },
    { key => "all-$key" });
$n->start;

my $audio = 'audio-' . join '', map { chr 97 + rand 26 } 1 .. 20;


# a part: a name, a text, and more of its head
sub part {
    my ($name, $text, $more) = @_;

    return qq(--b\r\nContent-Disposition: form-data; name="$name")
        . ($more // '') . "\r\n\r\n$text\r\n";
}


my $file = part(file => $audio, '; filename="a.mp3"'
    . "\r\nContent-Type: audio/mpeg");
my $model = part(model => 'whisper-1');


sub post {
    my ($body, $type, $path) = @_;

    return ask($port, POST => $path // '/v1/audio/transcriptions', $body,
        'X-Api-Key' => "all-$key", 'Content-Type' => $type
        // 'multipart/form-data; boundary=b');
}


sub refused {
    my ($name, $param, @post) = @_;

    is_error(post(@post), 400, $param, $name);
    return;
}


# what is right

for (['a form', "$model$file--b--\r\n"], ['the model at the end',
    "$file$model--b--\r\n"], ['something before and after it',
    "preamble\r\n$model$file--b--\r\nepilogue"],
    ['no line at its end', "$model$file--b--"],
    ['a large one', $model . part(file => 'x' x 5e6, '; filename="a.mp3"')
        . "--b--\r\n"])
{
    my ($name, $body) = @$_;

    $mock->reset;
    my $r = post($body);
    $mock->idle;
    my ($j) = $mock->journal;
    is "$r->{status} $j->{path} $j->{length}",
        '200 /v1/audio/transcriptions ' . length $body, $name;
    is $j->{form}{fields}{model}, 'whisper-1', "$name: its model";
    is grep({ $_->[0] eq 'Content-Type' && $_->[1] eq
        'multipart/form-data; boundary=b' } @{ $j->{headers} }), 1,
        "$name: its boundary";
}

is post("$model$file--b--\r\n" =~ s/--b/--"x y"/gr =~ s/--"x y"/--x y/gr,
    'multipart/form-data; boundary="x y"')->{status}, 200,
    'a boundary in quotes';
is post(part(stream => 'true') . "$model$file--b--\r\n")->{status}, 200,
    'a stream';

# what is not

$mock->idle;
$mock->reset;

refused('nothing', '', '');
refused('JSON that says it is a form', '', '{"model":"whisper-1"}');
refused('a form without an end', '', "$model$file");
refused('a form that is cut', '', substr "$model$file--b--", 0, $_)
    for 3, 40, length($model) + 60;
refused('no boundary', '', "$model$file--b--\r\n", 'multipart/form-data');
refused("a boundary that is none: $_", '', "$model$file--b--\r\n",
    "multipart/form-data; boundary=$_") for '', '""', 'x' x 80, '"b', 'other';
refused('two boundaries', '', "$model$file--b--\r\n",
    'multipart/form-data; boundary=b; boundary=c');
refused('no names', '', "--b\r\nX: y\r\n\r\nx\r\n--b--\r\n");
refused('a head without an end', '', "--b\r\nX: " . 'y' x 100_000);
refused('no model', 'model', "$file--b--\r\n");
refused('two models', 'model', "$model$model$file--b--\r\n");
refused('two of them, spelled otherwise', 'model',
    "$model--b\r\ncontent-disposition:form-data;NAME=model\r\n\r\nx\r\n--b--");
refused('two streams', 'stream', part(stream => 'true')
    . part(stream => 'false') . "$model$file--b--\r\n");
refused("a model's name: $_->[0]", 'model', part(model => $_->[1])
    . "$file--b--\r\n") for ['empty', ''], ['a blank', 'a b'],
    ['two lines', "a\r\nb"], ['10 KB', 'x' x 10240], ['not ASCII', "\xff"];

my $start = time;
refused('a million parts without an end', '', part(x => '') x 100_000);
cmp_ok time - $start, '<', 3, 'in time';

is_error(post(part(model => 'unknown') . "$file--b--\r\n"), 404, 'model',
    'an unknown model');
is_error(ask($port, POST => '/v1/audio/transcriptions', part(model =>
    'gpt-image-1') . "$file--b--\r\n", 'X-Api-Key' => $key, 'Content-Type' =>
    'multipart/form-data; boundary=b'), 403, 'model',
    'a model that the key may not use');

# forms and JSON, where each is due

for ('/v1/audio/transcriptions', '/v1/audio/translations', '/v1/files',
    '/v1/images/variations')
{
    is_error(post('{"model":"whisper-1"}', 'application/json', $_), 415, '',
        "JSON at $_");
}

for ('/v1/chat/completions', '/v1/embeddings', '/v1/batches') {
    is_error(post("$model$file--b--\r\n", undef, $_), 415, '', "a form at $_");
}

$mock->idle;
is scalar($mock->journal), 0, 'no provider heard of any of that';

# and where either is

my $image = $file =~ s/name="file"/name="image"/r;

is post(part(model => 'gpt-image-1') . "$image--b--\r\n", undef,
    '/v1/images/edits')->{status}, 200, 'images/edits take a form';
post('{"model":"gpt-image-1","prompt":"x"}', 'application/json',
    '/v1/images/edits');
$mock->idle;
is join(' ', map { $_->{path} } $mock->journal),
    '/v1/images/edits /v1/images/edits', 'and JSON';

unlike $n->log, qr/$audio/, 'no file is in the log, at any level';
ends_clean($n);
$mock->stop;

done_testing;
