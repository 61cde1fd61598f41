#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Responses that go on from another one, at a provider that keeps none.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(sleep);

use AIGateway::Ask;
use AIGateway::Checks qw(canary free_port);
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start(args => ['--bodies']);
my %key = map { $_ => canary("client key $_", 'sk-client-') } 'me', 'you';
my ($port, $off, $open, $short) = map { free_port() } 1 .. 4;

$ENV{KEY} = canary('the provider key');

sub http {
    my ($zone, $more) = @_;
    my $url = 'http://127.0.0.1:' . $mock->port . '/v1';

    $more //= '';
    return <<"END";
ai_zone state $zone;
ai_provider claude { type anthropic; url $url; key env:KEY; }
ai_provider native { type responses; url $url; key env:KEY; }
ai_responses_keep 1h;
server {
    listen 127.0.0.1:$port;
    location / { ai_gateway on; ai_keys keys.json; $more }
}
server {
    listen 127.0.0.1:$off;
    ai_responses_keep 0;
    location / { ai_gateway on; ai_auth none; }
}
server {
    listen 127.0.0.1:$open;
    location / { ai_gateway on; ai_auth none; ai_strict on; }
}
server {
    listen 127.0.0.1:$short;
    location / { ai_gateway on; ai_auth none; ai_responses_keep 1s; }
}
END
}


my $n = Nginx->new(workers => 2, main => 'env KEY;', http => http('4m'));

write_keys("$n->{dir}/keys.json", map { { id => $_, key => $key{$_} } }
    sort keys %key);
$n->start;


# What the client got, with {id}, {said}, the provider's request as {seen}.
sub respond {
    my ($to, $more) = @_;
    my $body = { model => 'claude/m', %$more };

    $mock->reset;

    my $r = ask($key{$to} ? $port : $to, POST => '/v1/responses',
        encode_json($body), $key{$to}
            ? (Authorization => "Bearer $key{$to}") : ());

    $mock->idle(5);

    my ($last) = $more->{stream} && ${ $more->{stream} }
        ? $r->{body} =~ /^data: (\{"type":"response\.completed".*)$/m
        : $r->{body};
    my $json = $r->{json} = eval { decode_json($last // '') } || {};

    $json = $json->{response} if $json->{response};
    @$r{'id', 'store'} = @$json{'id', 'store'};
    $r->{said} = join '', map { $_->{text} // '' } map { @{ $_->{content}
        || [] } } @{ $json->{output} || [] };
    my @seen = $mock->journal;
    $r->{asked} = @seen;
    $r->{seen} = @seen ? eval { decode_json($seen[0]{body}) } : undef;
    return $r;
}


# "user: a|assistant: b", of what the provider was told
sub told {
    my ($r) = @_;

    return join '|', map { my $c = $_->{content}; "$_->{role}: " . (ref $c
        ? join ' ', map { $_->{text} // $_->{type} } @$c : $c) }
        @{ $r->{seen}{messages} || [] };
}


sub refused {
    my ($r, $id, $name) = @_;
    my $e = is_error($r, 400, 'previous_response_id', $name);

    is $e->{code}, 'previous_response_not_found', 'with the code';
    is $e->{message}, "Previous response with id '$id' not found.",
        'and the words that clients know';
    return is $r->{asked}, 0, 'and nobody is asked';
}


# turns, whole and streamed

for my $kind (['', \0, \0], ['streamed ', \1, \1], ['mixed ', \1, \0],
    ['mixed again ', \0, \1])
{
    my ($name, $first, $second) = @$kind;
    my @first = (($$first ? (stream => $first) : ()), input => 'one',
        instructions => 'be first');
    my @second = ($$second ? (stream => $second) : ());

    my $r = respond('me', { @first });
    is $r->{status}, 200, "${name}first turn";
    like $r->{id}, qr/^resp_[0-9a-f]{32}$/, 'has an id';
    ok $r->{store}, 'and says that it is stored';
    ok length $r->{said}, 'the model says something';

    my $s = respond('me', { @second, input => 'two',
        previous_response_id => $r->{id}, instructions => 'be second' });
    is $s->{status}, 200, "${name}second turn";
    is told($s), "user: one|assistant: $r->{said}|user: two",
        'the provider is told all that was said';
    like encode_json($s->{seen}{system}), qr/be second/,
        'with the instructions of now';
    unlike encode_json($s->{seen}), qr/be first|previous_response|store/,
        'and nothing else';
    is $s->{header}{'x-ai-dropped'}, undef, 'nothing is dropped';

    my $t = respond('me', { input => 'three',
        previous_response_id => $s->{id} });
    is told($t), "user: one|assistant: $r->{said}|user: two|"
        . "assistant: $s->{said}|user: three", 'and in the third turn';

    $t = respond('me', { input => 'other', previous_response_id => $r->{id} });
    is told($t), "user: one|assistant: $r->{said}|user: other",
        'the first can be gone on from again';
    is $t->{json}{previous_response_id}, $r->{id}, 'and the client is told so';

    refused(respond('you', { input => 'x', previous_response_id => $r->{id},
        @second }), $r->{id}, 'another key can\'t go on from it');
    refused(respond($open, { input => 'x', previous_response_id => $r->{id} }),
        $r->{id}, 'nor who has no key');
}

refused(respond('me', { input => 'x', previous_response_id => 'resp_none' }),
    'resp_none', 'an id that was never there');


# tools: the call is kept, its result is what goes on

my @tools = (tools => [{ type => 'function', name => 'f', parameters => {
    type => 'object', properties => {} } }]);

for my $stream (0, 1) {
    my @stream = $stream ? (stream => \1) : ();
    my $r = respond('me', { @stream, @tools, input => 'call it',
        tool_choice => 'required' });
    my ($output) = map { $_->{output} } $r->{json}{response} || $r->{json};
    my ($call) = grep { $_->{type} eq 'function_call' } @{ $output || [] };
    ok $call, 'a tool is called';

    my $s = respond('me', { @tools, previous_response_id => $r->{id},
        input => [{ type => 'function_call_output', output => 'fine',
            call_id => $call->{call_id} }] });
    is $s->{status}, 200, 'its result goes on from there';
    like told($s), qr/^user: call it\|assistant: .*tool_use\|user: tool_result$/,
        'behind the call';
}


# what is not kept

for my $stream (\0, \1) {
    my $r = respond('me', { input => 'x', store => \0, stream => $stream });
    is $r->{status}, 200, 'store: false';
    ok !$r->{store}, 'is repeated';
    refused(respond('me', { input => 'y', previous_response_id => $r->{id} }),
        $r->{id}, 'and nothing is kept');
}

for my $recipe ('cut=e3,events=9', 'errevent=e3,events=9') {
    my $model = 'claude/m~b64.' . (encode_base64($recipe, '') =~ tr{+/=}{-_}dr);
    my $r = respond('me', { input => 'x', stream => \1, model => $model });
    my ($id) = $r->{body} =~ /"id":"(resp_\w+)"/;
    unlike $r->{body}, qr/response\.completed/, "a stream with $recipe";
    refused(respond('me', { input => 'y', previous_response_id => $id }), $id,
        'is nothing to go on from');
}

my $r = respond($open, { input => 'x', store => \1 });
is $r->{status}, 200, 'ai_strict: to store is not too much to ask';
$r = respond($open, { input => 'y', previous_response_id => $r->{id} });
is $r->{status}, 200, 'nor is to go on';

$r = respond($off, { input => 'x' });
ok !$r->{store}, 'without the directive nothing is kept';
$r = respond($off, { input => 'y', previous_response_id => $r->{id} });
my $e = is_error($r, 400, 'previous_response_id', 'and none is gone on from');
like $e->{message}, qr/keeps no responses for the provider "claude"/,
    'which is said';
is $r->{asked}, 0, 'and nobody is asked';

$r = respond('me', { model => 'native/m', input => 'x',
    previous_response_id => 'resp_theirs' });
is $r->{asked}, 1, 'who keeps responses is asked';
is $r->{seen}{previous_response_id}, 'resp_theirs', 'by their id';

$r = respond($short, { input => 'x' });
is respond($short, { input => 'y', previous_response_id => $r->{id} })
    ->{status}, 200, 'a second is not over';
sleep 2.1;
refused(respond($short, { input => 'y', previous_response_id => $r->{id} }),
    $r->{id}, 'and then it is');


# by its path

sub path {
    my ($who, $method, $id) = @_;

    $mock->reset;

    my $r = ask($port, $method => "/v1/responses/$id", undef,
        Authorization => "Bearer $key{$who}");

    $mock->idle(5);
    return $r;
}


$r = respond('me', { input => 'x' });
my $id = $r->{id};

is_error(path('me', GET => $id), 404, 'id', 'it can\'t be read');
isnt path('you', DELETE => $id)->{status}, 200, 'another can\'t delete it';
is respond('me', { input => 'y', previous_response_id => $id })->{status}, 200,
    'it is still there';

my $d = path('me', DELETE => $id);
is $d->{status}, 200, 'its key can delete it';
is_deeply decode_json($d->{body}),
    { id => $id, object => 'response', deleted => JSON::PP::true },
    'and is told so';
is scalar(my @none = $mock->journal), 0, 'by the gateway';
refused(respond('me', { input => 'y', previous_response_id => $id }), $id,
    'then it is gone');
isnt path('me', DELETE => $id)->{status}, 200, 'and can\'t be deleted again';


# what it outlives

$id = respond('me', { input => 'long ago' })->{id};
ok $n->reload(http => http('4m')), 'a reload';
is told(respond('me', { input => 'y', previous_response_id => $id }))
    =~ /^user: long ago\|assistant: .*\|user: y$/, 1, 'keeps it';

for my $pid ($n->workers) {
    kill 'KILL', $pid;
}

ok $n->wait_for(sub { my @w = $n->workers; @w == 2 }), 'workers are killed';
sleep 0.2;
is respond('me', { input => 'y', previous_response_id => $id })->{status},
    200, 'the next ones find it';
ok $n->reload(http => http('4m', 'ai_responses_keep 0;')),
    'nothing is to be kept any more';
is_error(respond('me', { input => 'y', previous_response_id => $id }), 400,
    'previous_response_id', 'then nothing is found');


# no more than there is room for

ok $n->reload(http => http('400k')), 'a small zone';
my @ids = map { respond('me', { input => "number $_" })->{id} } 1 .. 200;
refused(respond('me', { input => 'y', previous_response_id => $ids[0] }),
    $ids[0], 'is not enough for the first');
is told(respond('me', { input => 'y', previous_response_id => $ids[-1] }))
    =~ /^user: number 200\|/, 1, 'but for the last';
unlike $n->log, qr/kept in the zone|no room/, 'without a word';

$r = respond('me', { input => 'x' x 20000 });
is $r->{status}, 200, 'what is too long to be kept is answered';
like $n->log, qr/\[warn\].*too long to be kept in the zone/, 'with a warning';
refused(respond('me', { input => 'y', previous_response_id => $r->{id} }),
    $r->{id}, 'and is not there');
is respond('me', { input => 'y', previous_response_id => $ids[-1] })->{status},
    200, 'and has pushed nobody out';

ends_clean($n, allow => [qr/exited on signal 9/, qr/too long to be kept/]);
$mock->stop;

done_testing;
