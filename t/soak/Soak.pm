package Soak;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# What the parts of the soak share: a gateway before a mock, the worker's
# memory over time, and clients that read streams without keeping them.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json encode_json);
use Test::More ();
use Time::HiRes qw(sleep time);

use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $log = '$http_x_soak_id|$status|$ai_request_id|$ai_tokens_in|'
    . '$ai_tokens_out|$ai_finish|$ai_error';


my $source = <<'END';
ai_provider a {
    type openai;
    url  http://127.0.0.1:%%A%%/v1;
    key  env:SOAK_PROVIDER_KEY;
    timeout total=24h;
}
END


# seconds that the long parts take
sub seconds { return $ENV{SOAK_SECONDS} || 300 }


# http => within http{}, where %%A%% and %%B%% are the mock's ports and
# %%DEAD%% one where nobody listens. Without it there is one provider "a", of
# long streams: source.js.
sub new {
    my ($class, %opt) = @_;

    $ENV{TEST_NGINX_BINARY} ||= $ENV{AI_NGINX} || 'nginx';
    $ENV{SOAK_PROVIDER_KEY} = canary('the provider key');

    my $nginx = Nginx->new(workers => $opt{workers} || 1,
        connections => 1024, level => 'info', main => 'env SOAK_PROVIDER_KEY;');
    my $self = bless { nginx => $nginx, port => free_port(),
        key => canary('the client key', 'sk-client-') }, $class;
    my %port = (DEAD => free_port());

    if ($opt{http}) {
        $self->{journal} = "$nginx->{dir}/journal";
        $self->{mock} = AIGateway::Mock->start(listeners => 2,
            args => ['--listen', '127.0.0.1:0,127.0.0.1:0', '--journal',
            $self->{journal}]);
        $port{B} = $self->{mock}->port(1);

    } else {
        $self->{mock} = AIGateway::Mock->start(program => '../soak/source.js');
        $opt{http} = $source;
    }

    $port{A} = $self->{mock}->port;

    spew("$nginx->{dir}/keys.json", encode_json({ keys => [{ id => 'soak',
        sha256 => sha256_hex($self->{key}) }] }));
    $nginx->{http} = $self->http($opt{http} =~ s/%%(A|B|DEAD)%%/$port{$1}/gr);
    $nginx->start;
    ($self->{worker}) = $nginx->workers;
    return $self;
}


sub http {
    my ($self, $http) = @_;

    return <<"END";
send_timeout 24h;
log_format soak '$log';
client_max_body_size 20m;
ai_zone soak 16m;
$http
server {
    listen 127.0.0.1:$self->{port};
    access_log %%DIR%%/soak.log soak;
    location / { ai_gateway on; ai_keys %%DIR%%/keys.json; }
    location = /metrics { ai_metrics; }
}
END
}


# A client that has asked for a stream of source.js.
sub stream {
    my ($self, $what, %opt) = @_;
    my $c = AIGateway::Client->new(port => $self->{port}, %opt);

    $c->write(AIGateway::Client::request('POST', '/v1/chat/completions',
        encode_json({ model => "a/$what", stream => JSON::PP::true,
            messages => [{ role => 'user',
            content => 'Go on.' }] }),
        Authorization => "Bearer $self->{key}",
        'Content-Type' => 'application/json'));
    $c->{counts} = { events => 0, pings => 0, bytes => 0, done => 0 };
    $c->{text} = '';
    return $c;
}


# Reads what is there and counts it; whether the stream goes on. A line, and
# a chunk, may come in pieces.
sub consume {
    my ($c, $timeout) = @_;
    my $n = $c->{counts};

    $c->read_some($timeout);
    $c->{pieces} = [];

    if (!$c->{headed}) {
        return !$c->{end} if $c->{in} !~ s/^HTTP\/1\.1 (\d+).*?\r\n\r\n//s;
        $c->{headed} = $1;
        die "a stream was answered with $1: $c->{in}\n" if $1 != 200;
    }

    dechunk($c);
    $n->{pings} += () = $c->{text} =~ /^:.*\n/mg;
    $n->{events} += () = $c->{text} =~ /^data: \{.*\}\n/mg;
    $n->{done} += () = $c->{text} =~ /^data: \[DONE\]\n/mg;
    $c->{text} =~ s/\A.*\n//s;
    return !$c->{end} && !$c->{last};
}


# Moves whole lines' worth of the body from {in} to {text}.
sub dechunk {
    my ($c) = @_;
    my $at = 0;

    for ( ;; ) {
        my $left = $c->{chunk} // 0;

        if ($left > 2) {
            my $piece = substr $c->{in}, $at, $left - 2;
            last if $piece eq '';
            $c->{text} .= $piece;
            $c->{counts}{bytes} += length $piece;
            $c->{chunk} -= length $piece;
            $at += length $piece;

        } elsif ($left) {
            last if length $c->{in} < $at + $left;
            $at += $left;
            $c->{chunk} = 0;

        } else {
            pos($c->{in}) = $at;
            last if $c->{in} !~ /\G([0-9a-f]+)\r\n/g;
            $at = pos $c->{in};
            $c->{chunk} = hex($1) + 2;
            $c->{last} = 1 if hex($1) == 0;
        }
    }

    substr $c->{in}, 0, $at, '';
    return;
}


# KiB of the worker's memory that no file stands behind.
sub memory_kb {
    my ($self) = @_;

    return slurp("/proc/$self->{worker}/smaps_rollup")
        =~ /^Pss_Anon:\s+(\d+)/m ? $1 : die "no Pss_Anon in smaps_rollup\n";
}


# KiB by which a line through [x, KiB] points rises from first to last x, and
# that distance.
sub rise {
    my (@points) = @_;
    my ($x, $y, $xx, $xy) = (0) x 4;

    for my $p (@points) {
        $x += $p->[0] / @points;
        $y += $p->[1] / @points;
    }

    for my $p (@points) {
        $xx += ($p->[0] - $x) ** 2;
        $xy += ($p->[0] - $x) * ($p->[1] - $y);
    }

    my $way = $points[-1][0] - $points[0][0];

    return ($xx ? $xy / $xx * $way : 0, $way);
}


# A test: the points, without the first fifth, rise by less than 1 KiB for
# 10,000 events. Two pages more are the grain of what can be seen.
sub is_flat {
    my ($name, @points) = @_;
    my ($rise, $way) = rise(@points[@points / 5 .. $#points]);
    my $limit = $way / 10000 + 8;

    Test::More::ok(@points >= 10 && $rise < $limit, $name);
    Test::More::diag(sprintf '%s: %d samples, %+.1f KiB over %d events, '
        . '%d to %d KiB', $name, scalar @points, $rise, $way,
        $points[0][1], $points[-1][1]);
    return;
}


# The lines of the access log, by their fields.
sub log_lines {
    my ($self) = @_;

    return map { my %l; @l{qw(id status request in out finish error)}
        = split /\|/, $_, -1; \%l } split /\n/,
        slurp("$self->{nginx}{dir}/soak.log");
}


# The value of a gauge, over all its labels.
sub gauge {
    my ($self, $name) = @_;
    my $c = AIGateway::Client->new(port => $self->{port});
    my $sum = 0;

    $c->write("GET /metrics HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n");
    my $r = $c->response(5);
    my @values = $r->{body} =~ /^\Q$name\E(?:\{.*\})? (\S+)$/mg
        or die "no $name in /metrics\n";

    $c->close;
    $sum += $_ for @values;
    return $sum;
}


# The tests every part ends with.
sub done {
    my ($self) = @_;

    Test::More::ok($self->{mock}->idle(5), 'no request is left at the mock');
    $self->{nginx}{mock} = $self->{mock};
    $self->{nginx}->done;
    Test::More::done_testing();
    return;
}


1;
