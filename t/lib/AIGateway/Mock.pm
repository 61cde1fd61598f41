package AIGateway::Mock;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# The programs of t/mock, as objects: a provider, a CONNECT proxy, a DNS
# server. Each dies with its object, and with the test.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);
use File::Spec;
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Time::HiRes qw(sleep time);

my $programs = File::Spec->rel2abs(dirname(__FILE__) . '/../../mock');


# AIGateway::Mock->start(program => 'dns.js', args => [...], listeners => 2)
# The default is a provider with one listener on a free port.
sub start {
    my ($class, %opt) = @_;
    my $args = $opt{args} || [];
    my $n = $opt{listeners} || 1;

    pipe my $in, my $hold or die "pipe: $!";
    pipe my $out, my $write or die "pipe: $!";

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        open STDIN, '<&', $in;
        open STDOUT, '>&', $write;
        exec { $ENV{NODE} || 'node' } 'node', "$programs/" . ($opt{program}
            || 'provider.js'), '--while-stdin', @$args
            or print STDERR "node: $!\n";
        POSIX::_exit(1);
    }

    close $in;
    close $write;

    my @urls;
    while (@urls < $n) {
        my $line = <$out> // die "the mock did not start\n";
        push @urls, $1 if $line =~ /^listening (\S+)/;
    }

    my @ports = map { /:(\d+)$/ ? $1 : undef } @urls;

    return bless { pid => $pid, hold => $hold, out => $out, urls => \@urls,
        ports => \@ports, port => (grep { defined } @ports)[0],
        owner => $$ }, $class;
}


sub port { return $_[0]{ports}[$_[1] || 0] }


# GET of a control route; dies when the mock does not answer.
sub control {
    my ($self, $what) = @_;
    my ($url) = grep { m{^http://(?:127\.0\.0\.1|\[::1\]):\d+$} }
        @{ $self->{urls} };
    my ($port) = $url =~ /(\d+)$/;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
        Timeout => 5) or die "the mock is gone: $!\n";

    print $s "GET /~ctl/$what HTTP/1.1\r\nHost: mock\r\n"
        . "Connection: close\r\n\r\n";
    local $/;
    my $reply = <$s> // '';
    $reply =~ s/^HTTP\/1\.1 200 .*?\r\n\r\n//s
        or die "the mock says: $reply\n";
    return $reply;
}


sub reset { $_[0]->control('reset'); return }


sub stats { return decode_json($_[0]->control('stats')) }


sub journal_text { return $_[0]->control('journal') }


sub journal {
    return map { decode_json($_) } split /\n/, $_[0]->journal_text;
}


# Waits until no request is in flight; whether that came to be.
sub idle {
    my ($self, $timeout) = @_;
    my $end = time + ($timeout // 2);

    while ($self->stats->{in_flight}) {
        return 0 if time > $end;
        sleep 0.02;
    }

    return 1;
}


# What is left open, once those who used the mock are gone.
sub complaints {
    my ($self) = @_;
    my $s;

    for (1 .. 50) {
        $s = eval { $self->stats } or return 'the mock is gone';
        return if !$s->{in_flight} && !$s->{open_connections};
        sleep 0.02;
    }

    return "the mock has $s->{in_flight} requests in flight, "
        . "$s->{open_connections} connections open";
}


# How a key looks in the journal's headers: 'Bearer sha256:0a1b2c3d'.
sub mark {
    my ($key) = @_;

    return 'sha256:' . substr sha256_hex($key), 0, 8;
}


sub signal { my ($self, $name) = @_; return kill $name, $self->{pid} }


sub stop {
    my ($self) = @_;

    return if !$self->{pid} || $self->{owner} != $$;
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    $self->{pid} = 0;
    return;
}


sub DESTROY {
    my ($self) = @_;
    local $?;

    $self->stop;
    return;
}


1;
