package AIGateway::Client;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# An HTTP client with its hands on the socket: bytes go out as they are given,
# every read has a deadline, and each piece that comes in has its time.
#
#   my $c = AIGateway::Client->new(port => $port);       # or unix => $path
#   $c->write("POST /v1/chat/completions HTTP/1.1\r\n...");
#   my $r = $c->response(5);    # { status, header, headers, body, complete,
#                               #   end, first, last, raw }
#
# complete: the framing says that all of it came. end: undef while the
# connection is open, else 'fin' or 'reset'. first, last: seconds from the end
# of the last write to the first and the last byte of this response.

use strict;
use warnings;

use Errno qw(EAGAIN EWOULDBLOCK EINTR EPIPE);
use IO::Select;
use IO::Socket::IP;
use IO::Socket::UNIX;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);


# port, host (127.0.0.1), unix, rcvbuf, tls => { IO::Socket::SSL's options }
sub new {
    my ($class, %opt) = @_;
    my $s;

    if ($opt{unix}) {
        $s = IO::Socket::UNIX->new(Peer => $opt{unix});

    } else {
        $s = IO::Socket::IP->new(PeerHost => $opt{host} || '127.0.0.1',
            PeerPort => $opt{port}, Timeout => 5,
            $opt{rcvbuf} ? (Sockopts => [[SOL_SOCKET, SO_RCVBUF,
                $opt{rcvbuf}]]) : ());
    }

    die 'cannot connect to ' . ($opt{unix} || $opt{port}) . ": $!\n" if !$s;

    setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1 if !$opt{unix};

    if ($opt{tls}) {
        require IO::Socket::SSL;
        IO::Socket::SSL->start_SSL($s, SSL_verify_mode => 0, %{ $opt{tls} })
            or die 'TLS: ' . IO::Socket::SSL::errstr() . "\n";
    }

    $s->blocking(0);

    return bless { socket => $s, tls => $opt{tls}, in => '', end => undef,
        wrote => time, pieces => [], taken => 0 }, $class;
}


# All of it within the timeout; the number of bytes that could be written.
sub write {
    my ($self, $bytes, $timeout) = @_;
    my $end = time + ($timeout // 10);
    my $at = 0;

    local $SIG{PIPE} = 'IGNORE';

    while ($at < length $bytes) {
        my $n = syswrite $self->{socket}, $bytes, length($bytes) - $at, $at;

        if (defined $n) {
            $at += $n;

        } elsif ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR) {
            last if time > $end;
            IO::Select->new($self->{socket})->can_write(0.05);

        } else {
            last;
        }
    }

    $self->{wrote} = time;
    return $at;
}


# Pieces of so many bytes, with so many seconds between them.
sub trickle {
    my ($self, $bytes, $size, $gap) = @_;

    for (my $at = 0; $at < length $bytes; $at += $size) {
        my $piece = substr $bytes, $at, $size;
        $self->write($piece) == length $piece or return 0;
        sleep $gap if $gap;
    }

    return 1;
}


# One piece: true when something came, or the end did.
sub read_some {
    my ($self, $timeout) = @_;
    my $s = $self->{socket};
    my $end = time + $timeout;

    return 0 if $self->{end};

    for ( ;; ) {
        my $n = sysread $s, my $piece, 65536;

        if (!defined $n && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR)) {
            my $left = $end - time;
            return 0 if $left <= 0;
            IO::Select->new($s)->can_read($left);
            next;
        }

        if (!$n) {
            $self->{end} = defined $n ? 'fin' : 'reset';
            return 1;
        }

        $self->{in} .= $piece;
        push @{ $self->{pieces} }, [time - $self->{wrote}, $n];
        return 1;
    }
}


# Reads until the pattern is in what came, or the end; whether it is.
sub read_until {
    my ($self, $pattern, $timeout) = @_;
    my $end = time + ($timeout // 5);

    while ($self->{in} !~ $pattern) {
        my $left = $end - time;
        return 0 if $left <= 0 || !$self->read_some($left);
    }

    return 1;
}


# Reads for so many seconds, or to the end; what has come so far.
sub read_for {
    my ($self, $seconds) = @_;
    my $end = time + $seconds;

    while ((my $left = $end - time) > 0) {
        $self->read_some($left) or last;
    }

    return $self->{in};
}


# The next response. `head` => 1 for one that answers a HEAD.
sub response {
    my ($self, $timeout, %opt) = @_;
    my $end = time + ($timeout // 5);
    my $r = parse($self->{in}, %opt);

    while (!$r->{complete}) {
        my $left = $end - time;
        last if $left <= 0 || !$self->read_some($left);
        $r = parse($self->{in}, %opt);
    }

    # delimited by the end of the connection
    $r->{complete} = 1 if $r->{to_end} && ($self->{end} // '') eq 'fin';
    $r->{end} = $self->{end};
    $r->{raw} = substr $self->{in}, 0, $r->{length} // length $self->{in};

    my @times = map { $_->[0] } @{ $self->{pieces} };
    @$r{qw(first last pieces)} = (@times[0, -1], $self->{pieces});
    $self->{pieces} = [];
    substr $self->{in}, 0, length $r->{raw}, '';
    return $r;
}


# A response at the start of the bytes, as far as it goes.
sub parse {
    my ($in, %opt) = @_;
    my $skip = 0;

    for ( ;; ) {
        my $at = index $in, "\r\n\r\n", $skip;
        return { complete => 0, status => 0, body => '', headers => [],
            header => {} } if $at < 0;

        my $head = substr $in, $skip, $at - $skip;
        my ($status) = $head =~ /^HTTP\/\S+ (\d+)/;
        $skip = $at + 4;
        next if defined $status && $status < 200;

        my @headers = map { [split /:\s*/, $_, 2] } (split /\r\n/, $head)[1
            .. ($head =~ tr/\n//)];
        my %header = map { lc $_->[0] => $_->[1] } @headers;
        my $r = { status => $status // 0, headers => \@headers,
            header => \%header, complete => 0, body => '' };

        body($r, $in, $skip, $opt{head});
        return $r;
    }
}


sub body {
    my ($r, $in, $at, $head) = @_;
    my $h = $r->{header};

    if ($head || $r->{status} == 204 || $r->{status} == 304) {
        @$r{qw(complete length)} = (1, $at);

    } elsif (($h->{'transfer-encoding'} // '') eq 'chunked') {
        pos($in) = $at;

        while ($in =~ /\G([0-9A-Fa-f]+)[^\r\n]*\r\n/gc) {
            my $n = hex $1;
            my $p = pos $in;

            if ($n == 0) {
                if ($in =~ /\G(?:[^\r\n]+\r\n)*\r\n/gc) {
                    @$r{qw(complete length)} = (1, pos $in);
                }
                last;
            }

            $r->{body} .= substr $in, $p, $n;
            last if length $in < $p + $n + 2;
            pos($in) = $p + $n + 2;
        }

    } elsif (defined $h->{'content-length'}) {
        my $n = $h->{'content-length'};
        $r->{body} = substr $in, $at, $n;
        @$r{qw(complete length)} = (1, $at + $n) if length $in >= $at + $n;

    } else {
        $r->{body} = substr $in, $at;
        $r->{to_end} = 1;
    }

    return;
}


sub half_close { return shutdown $_[0]{socket}, 1 }


# Closes with a reset.
sub abort {
    my ($self) = @_;

    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    return $self->close;
}


sub close {
    my ($self) = @_;

    return $self->{tls} ? $self->{socket}->close(SSL_fast_shutdown => 1)
        : close $self->{socket};
}


# A request as bytes; a body gets its length.
sub request {
    my ($method, $target, $body, @headers) = @_;
    my $r = "$method $target HTTP/1.1\r\nHost: localhost\r\n";

    while (my ($name, $value) = splice @headers, 0, 2) {
        $r .= "$name: $value\r\n";
    }

    $r .= 'Content-Length: ' . length($body) . "\r\n" if defined $body;
    return "$r\r\n" . ($body // '');
}


1;
