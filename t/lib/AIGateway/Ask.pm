package AIGateway::Ask;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What tests in plain perl say again and again.
#
#   my $r = ask($port, GET => '/v1/models');
#   my $r = ask($port, POST => '/v1/embeddings', $json, 'X-Api-Key' => $key);
#   my $r = chat($port, { stream => \1 }, Authorization => "Bearer $key");
#
# The response is that of AIGateway::Client. All bytes that came are kept, to
# be searched for secrets: `came` hands them out, and `ends_clean($n)` does it
# for an Nginx, with the one test that every ending is.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Exporter 'import';
use File::Basename qw(dirname);
use IPC::Open2 qw(open2);
use JSON::PP ();
use Test::More ();

use AIGateway::Checks qw(spew);
use AIGateway::Client;

our @EXPORT = qw(ask chat chat_body came ends_clean http2 is_error write_keys);

my $json = JSON::PP->new->utf8->canonical;
my @came;


# One request on a connection of its own; the port may be a unix socket's path.
sub ask {
    my ($port, $method, $target, $body, @headers) = @_;
    my $c = AIGateway::Client->new($port =~ m{^/} ? (unix => $port)
        : (port => $port));

    $c->write(AIGateway::Client::request($method, $target, $body,
        defined $body && !grep({ lc eq 'content-type' } @headers)
            ? ('Content-Type' => 'application/json') : (), @headers,
        Connection => 'close'));

    my $r = $c->response(10, head => $method eq 'HEAD');
    $c->close;
    push @came, $r->{raw};
    return $r;
}


# A chat as JSON, with members added or replaced.
sub chat_body {
    my ($more) = @_;

    return $json->encode({ model => 'gpt-4o-mini',
        messages => [{ role => 'user', content => 'Say this is a test' }],
        %{ $more || {} } });
}


sub chat {
    my ($port, $more, @headers) = @_;

    return ask($port, POST => '/v1/chat/completions', chat_body($more),
        @headers);
}


# Requests on one connection of HTTP/2, each as [POST => '/v1/...', $body,
# header => value ...]; their replies as t/lib/http2.js says.
sub http2 {
    my ($port, @requests) = @_;
    my ($in, $pid);

    for (@requests) {
        my ($method, $path, $body, %headers) = @$_;
        $_ = { method => $method, path => $path, body => $body,
            leave => delete $headers{leave}, headers => \%headers };
    }

    $pid = open2(my $out, $in, $ENV{NODE} || 'node',
        dirname(__FILE__) . '/../http2.js', $port);
    print $in $json->encode(\@requests);
    close $in;
    local $/;
    my $text = <$out> // '';
    waitpid $pid, 0;
    push @came, $text;
    return @{ $json->decode($text) };
}


# An error in OpenAI's envelope: the status, and its param if that is given.
sub is_error {
    my ($r, $status, $param, $name) = @_;
    my $e = eval { $json->decode($r->{body})->{error} };
    my @wrong;

    push @wrong, "status $r->{status}" if $r->{status} != $status;
    push @wrong, 'type ' . ($r->{header}{'content-type'} // 'none')
        if ($r->{header}{'content-type'} // '') ne 'application/json';
    push @wrong, 'no envelope'
        if ref $e ne 'HASH' || join(' ', sort keys %$e) ne
            'code message param type' || !$e->{message} || !$e->{type};
    push @wrong, 'param ' . ($e->{param} // 'null')
        if ref $e eq 'HASH' && defined $param && ($e->{param} // '') ne $param;
    push @wrong, 'not complete' if !$r->{complete};

    Test::More::ok(!@wrong, $name)
        or Test::More::diag(join(', ', @wrong) . ": $r->{raw}");
    return $e;
}


# A keys file with these entries; { key => 'sk-...' } gets its digest.
sub write_keys {
    my ($path, @keys) = @_;
    my $n = 0;

    for my $k (@keys) {
        $n++;
        $k = { id => "key$n", %$k };
        $k->{sha256} = sha256_hex(delete $k->{key}) if defined $k->{key};
    }

    spew($path, $json->encode({ keys => \@keys }));
    chmod 0640, $path;
    return $path;
}


sub came { return splice @came }


# Stops the nginx and passes or fails one test, for secrets too.
sub ends_clean {
    my ($n, %opt) = @_;

    $n->saw($_) for came();
    return $n->done(%opt);
}


1;
