#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What lasts is at the provider that made it, and only for the key that made
# it: responses, files, batches, videos, jobs, uploads.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(sleep);

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port slurp);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my %mock = map { $_ => AIGateway::Mock->start } 'a', 'b';
my %key = map { $_ => canary("client key $_", 'sk-client-') } 'me', 'you';
my ($port, $open) = (free_port(), free_port());

$ENV{KEY} = canary('the provider key');

my %provider = map { $_ => "ai_provider $_ { type openai; key env:KEY; "
    . 'url http://127.0.0.1:' . $mock{$_}->port . '/v1; }' } 'a', 'b';

sub http {
    my ($zone, @providers) = @_;

    return "ai_zone owners $zone;\nai_reply_size 64k;\n"
        . join("\n", @provider{@providers}) . <<"END";

@{[ "@providers" =~ /b/ ? 'ai_model on-b { target b model-b; }
ai_model ab { target a model-a; fallback b model-b; retry 2 backoff=1ms; }'
    : '' ]}
server {
    listen 127.0.0.1:$port;
    location / { ai_gateway on; ai_keys keys.json; }
}
server {
    listen 127.0.0.1:$open;
    location / { ai_gateway on; ai_auth none; }
}
END
}


my $n = Nginx->new(main => 'env KEY;', http => http('2m', 'a', 'b'));

write_keys("$n->{dir}/keys.json", map { { id => $_, key => $key{$_} } }
    sort keys %key);
$n->start;


# A request of a key: the reply, and in {at} who was asked, in {json} the body.
sub go {
    my ($who, $method, $path, $body) = @_;
    my @type = ref $body || !defined $body ? ()
        : ('Content-Type' => 'multipart/form-data; boundary=xx');

    $_->reset for values %mock;

    my $r = ask($who ? $port : $open, $method, $path,
        ref $body ? encode_json($body) : $body, @type,
        $who ? (Authorization => "Bearer $key{$who}") : ());

    return after($r);
}


sub after {
    my ($r) = @_;

    $mock{$_}->idle(5) for sort keys %mock;
    $r->{at} = join '', map { $_ x $mock{$_}->journal } sort keys %mock;
    $r->{json} = eval { decode_json($r->{body}) };
    return $r;
}


sub said { return "$_[0]{status} $_[0]{at}" }

sub get { my ($who, $path) = @_; return said(go($who, GET => $path)) }

# a recipe for a reply with this JSON
sub reply { return 'body=' . encode_base64($_[0], '') }


# Another key is told that there is nothing, by us.
sub hidden {
    my ($path, $method) = @_;
    my $r = go('you', $method // 'GET', $path);

    is $r->{at}, '', "$path of another key: nobody is asked";
    return is_error($r, 404, 'id', 'and there is nothing');
}


my $n_said = 0;

sub response {
    my ($who, $more) = @_;

    return go($who, POST => '/v1/responses', { model => 'on-b',
        input => 'text ' . ++$n_said, %{ $more || {} } });
}


sub upload {
    my ($who, $purpose) = @_;

    return go($who, POST => '/v1/files', "--xx\r\nContent-Disposition: "
        . "form-data; name=\"purpose\"\r\n\r\n$purpose\r\n--xx\r\n"
        . 'Content-Disposition: form-data; name="file"; filename="f"'
        . "\r\n\r\n{\"custom_id\":\"1\"}\n\r\n--xx--\r\n");
}


# videos, which go to the provider of their model

my $r = go('me', POST => '/v1/videos', { model => 'on-b', prompt => 'x' });
my $video = "/v1/videos/$r->{json}{id}";

is said($r), '200 b', 'a video is made';
is get('me', $video), '200 b', 'its key finds it where it was made';
is get('me', $video), '200 b', 'as often as it asks';
is get('me', "$video/content"), '200 b', 'with all that belongs to it';

my $e = hidden($video);
hidden("$video/content");
hidden($video, 'DELETE');
is said(go('you', POST => "$video/remix", { prompt => 'x' })), '404 ',
    'or by another method';

(my $escaped = $video) =~ s/video_/%76ideo%5f/;
is go('me', GET => $escaped)->{at}, 'b', 'an escaped id is the same one';
hidden($escaped);

for my $odd ('video_/%20video_', '$/%20', '$/;x', '$/%3Bx', '$/%C2%A0') {
    my ($from, $to) = split m{/}, $odd;

    $r = go('you', GET => $video =~ s/$from/$to/r);
    is_error($r, 400, 'id', "an id with $to: what a server could drop");
    is $r->{at}, '', 'is not passed on';
}

$r = go('me', GET => '/v1/videos/video_none');
is said($r), '404 a', 'an id that is not known goes where it used to';
is_deeply [map { $r->{json}{error}{$_} } qw(type param code)],
    [@$e{qw(type param code)}], 'and is no different from another\'s';

is get('', $video), '404 ', 'who has no key is another';
$r = go('', POST => '/v1/videos', { model => 'on-b', prompt => 'x' });
my $free = "/v1/videos/$r->{json}{id}";
is get('', $free), '200 b', 'where there are no keys all are one';
is get('me', $free), '404 ', 'but no key';

is said(go('me', DELETE => $video)), '200 b', 'a video is deleted';
is get('me', $video), '404 a', 'and forgotten';
is get('you', $video), '404 a', 'by all';


# responses

$r = response('me');
my $response = "/v1/responses/$r->{json}{id}";
my $id = $r->{json}{id};

is said($r), '200 b', 'a response is made';
is get('me', $response), '200 b', 'and found';
hidden($response);
hidden("$response/cancel", 'POST');
hidden("$response/input_items");
is said(go('me', DELETE => '/v1/responses/other')), '404 a',
    'a deletion that fails';
is get('me', $response), '200 b', 'deletes nothing';

$r = response('me', { store => \0 });
is get('me', "/v1/responses/$r->{json}{id}"), '404 a',
    'what is not stored is not noted';

$r = response('me', { stream => \1 });
my ($streamed) = $r->{body} =~ /"id":"(resp_\w+)"/;
is get('me', "/v1/responses/$streamed"), '200 b', 'a streamed response is';
hidden("/v1/responses/$streamed");

$r = response('me', { mock => 'status=500' });
is $r->{status}, 500, 'what failed';
is get('me', '/v1/responses/resp_500'), '404 a', 'has made nothing';

my $big = '{"id":"resp_big","object":"response","output":[],"x":"'
    . 'y' x 200000 . '"}';

for ($big, '{"x":"' . 'y' x 200000 . '","id":"resp_late"}') {
    $r = response('me', { mock => reply($_) });
    is length $r->{body}, length $_, 'a reply that is too big to hold';
}

hidden('/v1/responses/resp_big');
hidden('/v1/responses/resp_late');

for my $case (['"re\u0073p\/1"', 'resp%2F1', 'an id with escapes'],
    ['"re\u0073p_1"', 'resp_1', 'another one'],
    ['"' . 'x' x 128 . '"', 'x' x 128, 'a long id'])
{
    my ($text, $path, $name) = @$case;

    is said(response('me', { mock => reply("{\"id\":$text}") })), '200 b',
        $name;
    hidden("/v1/responses/$path");
}

for ('"' . 'x' x 129 . '"', '17', 'null', '""', '{}') {
    is said(response('me', { mock => reply("{\"id\":$_}") })), '200 b',
        'an id that is none of ours: ' . substr $_, 0, 20;
}

is get('you', '/v1/responses/' . 'x' x 129), '404 a', 'is not known';


# a client that goes away as soon as it can

my $c = AIGateway::Client->new(port => $port);
$c->write(AIGateway::Client::request(POST => '/v1/responses', encode_json({
        model => 'on-b', input => 'a long one', stream => \1,
        mock => 'gap=200,events=50' }), 'Content-Type' => 'application/json',
    Authorization => "Bearer $key{me}"));
ok $c->read_until(qr/response\.created/, 5), 'a stream begins';
my ($left) = $c->read_for(0) =~ /"id":"(resp_\w+)"/;
$c->abort;
ok $n->wait_for(sub { $mock{b}->idle(0) }), 'and its client goes away';
hidden("/v1/responses/$left");

# one that starts with something else
$r = response('me', { stream => \1, mock => 'ctype=text/event-stream,' . reply(
    qq(event: ping\ndata: {"type":"ping"}\n\n)
    . qq(data: {"type":"response.created","response":{"id":"resp_2nd"}}\n\n)
    . qq(data: {"type":"response.completed","response":{"id":"resp_2nd",)
    . qq("status":"completed"}}\n\n)) });
is said($r), '200 b', 'a stream whose first event has no id';
hidden('/v1/responses/resp_2nd');


# what a body names

is said(response('me', { previous_response_id => $id, model => 'ab' })),
    '200 b', 'what goes on from a response goes to its provider';
is said(response('me', { previous_response_id => 'resp_x', model => 'ab' })),
    '200 a', 'from one that is not known, to the first';
is said(response('me', { previous_response_id => undef, model => 'ab' })),
    '200 a', 'or from none';
is said(response('me', { previous_response_id => $id, model => 'ab',
    mock => 'status=529' })), '529 bbb', 'and nowhere else if that fails';
is said(response('me', { previous_response_id => $id, model => 'a/x' })),
    '200 a', 'but to the one that the model says';
is said(go('me', POST => '/v1/responses/input_tokens',
    { previous_response_id => $id, input => 'x' })), '200 b',
    'and without a model there';

for my $stream (\0, \1) {
    $r = response('you', { previous_response_id => $id, model => 'ab',
        stream => $stream });
    is_error($r, 400, 'previous_response_id', 'another key can\'t go on');
    is $r->{at}, '', 'nobody is asked';
}

for ("\"$id\",\"previous_response_id\":\"x\"", '1', '["x"]') {
    $r = after(ask($port, POST => '/v1/responses',
        "{\"model\":\"ab\",\"input\":\"x\",\"previous_response_id\":$_}",
        Authorization => "Bearer $key{me}"));
    is_error($r, 400, 'previous_response_id', 'no way around it: '
        . substr $_, -12);
}


# files and what is made of them

$r = upload('me', 'batch');
my $file = $r->{json}{id};
is said($r), '200 a', 'a file is kept';
is get('me', "/v1/files/$file"), '200 a', 'and found';
is get('me', "/v1/files/$file/content"), '200 a', 'with its content';
hidden("/v1/files/$file");
hidden("/v1/files/$file/content");
hidden("/v1/files/$file", 'DELETE');

my %batch = (endpoint => '/v1/chat/completions', completion_window => '24h',
    input_file_id => $file);
$r = go('you', POST => '/v1/batches', \%batch);
is_error($r, 400, 'input_file_id', 'a batch of another\'s file is none');
is $r->{at}, '', 'nobody is asked';

for my $field ('training_file', 'validation_file') {
    $r = go('you', POST => '/v1/fine_tuning/jobs', { model => 'a/x',
        $field => $file });
    is_error($r, 400, $field, "nor is a job with it as a $field");
}

$r = go('me', POST => '/v1/batches', \%batch);
my $batch = "/v1/batches/$r->{json}{id}";
is said($r), '200 a', 'a batch is made';
is get('me', $batch), '200 a', 'and found';
hidden($batch);
hidden("$batch/cancel", 'POST');

$r = go('me', POST => '/v1/fine_tuning/jobs', { model => 'b/x',
    training_file => 'file-x' });
my $job = "/v1/fine_tuning/jobs/$r->{json}{id}";
is said($r), '200 b', 'a job is made';
is get('me', $job), '200 b', 'and found';
is said(go('me', POST => "$job/cancel")), '200 b', 'and cancelled';
hidden("$job/$_") for 'events', 'checkpoints';
hidden("$job/$_", 'POST') for 'cancel', 'pause', 'resume';

$r = go('me', POST => '/v1/uploads', { filename => 'f', bytes => 3 });
my $upload = "/v1/uploads/$r->{json}{id}";
is said($r), '200 a', 'an upload is begun';
hidden("$upload/cancel", 'POST');
is said(go('you', POST => "$upload/complete", { part_ids => [] })), '404 ',
    'and can\'t be completed by another';
$r = go('me', POST => "$upload/complete", { part_ids => [] });
is said($r), '200 a', 'it is completed';
is get('me', "/v1/files/$r->{json}{file}{id}"), '200 a', 'and a file then';
hidden("/v1/files/$r->{json}{file}{id}");


# what it outlives

$r = go('me', POST => '/v1/videos', { model => 'on-b', prompt => 'x' });
$video = "/v1/videos/$r->{json}{id}";

ok $n->reload(http => http('2m', 'b', 'a')), 'a reload, with another order';
is get('me', $video), '200 b', 'the video is found';
is get('me', "/v1/files/$file"), '200 a', 'the file is';
hidden("/v1/files/$file");
is get('me', '/v1/files/file-none'), '404 b', 'others go by the new order';

ok $n->reload(http => http('2m', 'a')), 'a provider goes';
is get('me', $video), '404 a', 'what it made is not known';
hidden($video);
ok $n->reload(http => http('2m', 'a', 'b')), 'and comes back';
is get('me', $video), '200 b', 'then it is';

for (1 .. 5) {
    my ($pid) = $n->workers;
    kill 'KILL', $pid;
    ok $n->wait_for(sub { my ($new) = $n->workers;
        $new && $new != $pid }), 'a worker is killed';
    is get('me', $video), '200 b', 'the next one finds it';
}


# no more than there is room for

my $room = 300;
$n->reload(http => http("${room}k", 'a', 'b'));
is get('me', $video), '404 a', 'a zone of another size is empty';
$r = response('me');
$id = $r->{json}{id};
is get('me', "/v1/responses/$id"), '200 b', 'a small one holds a response';

sub many {
    my ($from, $to) = @_;
    my ($c, $good) = (undef, 0);

    for my $i ($from .. $to) {
        $c = AIGateway::Client->new(port => $port) if $i % 500 == $from % 500;
        $c->write(AIGateway::Client::request(POST => '/v1/responses',
            encode_json({ model => 'on-b', input => "number $i",
                mock => reply("{\"id\":\"resp_number_$i\"}") }),
            'Content-Type' => 'application/json',
            Authorization => "Bearer $key{me}"));
        my $r = $c->response;
        $good += $r->{status} == 200;
    }

    return $good;
}


is many(1, 100), 100, 'some more';
is get('you', "/v1/responses/$id"), '404 ', 'there is room for these';
my $max = $room * 1024 / 4 / 64;
is many(1, $max), $max, 'more than it can hold';
is get('you', '/v1/responses/resp_number_1'), '404 a', 'the first is gone';
is get('you', "/v1/responses/resp_number_$max"), '404 ', 'the last is not';
is many(1, 10), 10, 'and it goes on';
unlike $n->log, qr/no (?:room|memory)/, 'without a word';

ends_clean($n, allow => [qr/exited on signal 9/]);
$_->stop for values %mock;

done_testing;
