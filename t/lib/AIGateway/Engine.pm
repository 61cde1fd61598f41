package AIGateway::Engine;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# One nginx with the gateway, one mock that is several providers, and what is
# known of a request when it is over: the reply, the line of the access log,
# the lines of the mock's journal.
#
#   my $e = AIGateway::Engine->new(http => <<'END');
#   ai_provider a { type openai; url http://127.0.0.1:%%A%%/v1; key env:KEY; }
#   END
#   my $r = $e->chat(model => 'a/m', mock => 'status=529|status=200');
#   $r->{status}, {body}, {header}, {json}, {complete}
#   $r->{log}{attempts}         the log, see log_format below
#   $r->{seen}[0]{model}        the journal: requests in the order of their ends
#
# %%A%%, %%B%% are ports of the mock, %%TLS%% one with TLS, %%SOCK%% its unix
# socket, %%DEAD%% a port where nobody listens, %%CERTS%% the directory of the
# certificates, %%DIR%% that of nginx. KEY is in the environment, a canary.
#
# The recipe of a body is the mock's whoever is asked, and its steps are
# counted for all: "status=529|status=200" is what the first attempt gets and
# what the second one does, whichever provider they go to.

use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP;
use Test::More ();
use Time::HiRes qw(sleep time);

use AIGateway::Certs;
use AIGateway::Checks qw(canary free_port slurp);
use AIGateway::Client;
use AIGateway::Mock;
use Nginx;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $cases = 0;
my @fields = qw(attempts fallback_reason error provider target_model
    tokens_in tokens_cached tokens_out tokens_reasoning chunks finish ttft
    dropped);


# http => within http{}, server => within server{}, location => within
# location /, main => before http{}, tls => 1 for certificates and %%TLS%%,
# vars => { X => 'for %%X%%' }
sub new {
    my ($class, %opt) = @_;
    my $self = bless { timeout => 10 }, $class;
    my $n = Nginx->new;
    my $vars = $self->{vars} = { DEAD => free_port(), %{ $opt{vars} || {} } };
    my @listen = ('127.0.0.1:0', '127.0.0.1:0', "unix:$n->{dir}/mock.sock");

    $self->{nginx} = $n;
    $self->{port} = free_port();
    $self->{key} = $ENV{KEY} = canary('the provider key');
    $vars->{SOCK} = "$n->{dir}/mock.sock";

    if ($opt{tls}) {
        $vars->{CERTS} = AIGateway::Certs::make("$n->{dir}/certs");
        push @listen, 'tls:127.0.0.1:0';
    }

    $self->{mock} = $n->{mock} = AIGateway::Mock->start(
        listeners => scalar @listen,
        args => ['--listen', join(',', @listen), $opt{tls} ? ('--tls',
            "$vars->{CERTS}/good.pem", "$vars->{CERTS}/good.key") : ()]);

    # the workers are nobody
    chmod 0777, $vars->{SOCK};

    $vars->{A} = $self->{mock}->port(0);
    $vars->{B} = $self->{mock}->port(1);
    $vars->{TLS} = $self->{mock}->port(3) if $opt{tls};

    my $log = join ',', map { qq("$_":"\$ai_$_") } @fields;
    my ($server, $location) = map { $_ // '' } @opt{qw(server location)};

    $n->{main} = "env KEY;\n" . ($opt{main} // '');
    $n->{http} = $self->expand(<<"END");
log_format engine escape=json '{"case":"\$http_x_case","status":"\$status",'
    '"id":"\$ai_request_id","sent":"\$bytes_sent","time":"\$request_time",'
    '"addr":"\$upstream_addr","codes":"\$upstream_status",$log}';
client_max_body_size 200m;
ai_zone engine 2m;
$opt{http}
server {
    listen 127.0.0.1:$self->{port};
    access_log %%DIR%%/engine.log engine;
    $server
    location / { ai_gateway on; ai_auth none; $location }
}
END
    $n->start;
    return $self;
}


sub expand {
    my ($self, $text) = @_;

    $text =~ s/%%([A-Z0-9]+)%%/$self->{vars}{$1} \/\/ "%%$1%%"/eg;
    return $text;
}


sub client {
    my ($self, %opt) = @_;

    return AIGateway::Client->new(port => $self->{port}, %opt);
}


# The bytes of a chat request, and its case in the log; `raw` is a body as it
# is, else all that is not named below is a member of it.
sub request {
    my ($self, %opt) = @_;
    my $case = 'case-' . ++$cases;
    my $path = delete $opt{path} // '/v1/chat/completions';
    my $method = delete $opt{method} // 'POST';
    my $body = delete $opt{raw};
    my @headers = @{ delete $opt{headers} || [] };

    if (!defined $body && $method eq 'POST') {
        $opt{messages} //= [{ role => 'user', content => 'hi there' }]
            if $path =~ /chat/;
        $opt{stream} = $opt{stream} ? JSON::PP::true : JSON::PP::false
            if defined $opt{stream};
        $body = $json->encode(\%opt);
    }

    unshift @headers, 'Content-Type' => 'application/json'
        if defined $body && !grep { /^content-type$/i } @headers;

    return (AIGateway::Client::request($method, $path, $body,
        'X-Case' => $case, @headers), $case);
}


# Sends it and waits for the end of everything. $r->{time}: seconds until the
# client had all of its reply.
sub chat {
    my ($self, %opt) = @_;
    my $timeout = delete $opt{timeout} // $self->{timeout};
    my $c = $self->client;

    $self->{mock}->reset;

    my ($bytes, $case) = $self->request(%opt);

    my $start = time;

    $c->write($bytes);

    my $r = response($c, $timeout);

    $r->{time} = time - $start;
    $c->close;
    return $self->after($r, $case);
}


# The client's response(), which looks at all of it with each piece that comes,
# for replies that are too large for that.
sub response {
    my ($c, $timeout) = @_;
    my $end = time + $timeout;
    my ($at, $size) = 0;

    while (!$c->{end} && time < $end) {
        if (!$at && $c->{in} =~ /\A(?:HTTP\S+ 1.*?\r\n\r\n)*(.*?)\r\n\r\n/s) {
            $at = $+[0];
            $size = $1 =~ /^content-length: (\d+)/mi ? $1
                : $1 =~ /^HTTP\S+ (?:204|304)/ ? 0 : undef;
        }

        last if $at && (defined $size ? length $c->{in} >= $at + $size
            : substr($c->{in}, -5) eq "0\r\n\r\n");
        $c->read_some($end - time) or last;
    }

    return $c->response(0);
}


# A port where connections wait for ever: a listener whose queue is full. The
# sockets are to be kept.
sub full_port {
    my $listener = IO::Socket::INET->new(Listen => 0,
        LocalAddr => '127.0.0.1') or die "listen: $!\n";
    my @queued;

    while (@queued < 500) {
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', Timeout => 0.3,
            PeerPort => $listener->sockport) or last;
        push @queued, $s;
    }

    return ($listener->sockport, $listener, @queued);
}


# Fills in what is to be known afterwards.
sub after {
    my ($self, $r, $case) = @_;

    $self->{nginx}->saw($r->{raw}) if defined $r->{raw};
    $r->{log} = $self->log_of($case) || {};
    $self->{mock}->idle(5) or Test::More::diag('the mock is not at rest');
    $r->{seen} = [grep { ($_->{id} // '') eq ($r->{log}{id} // '?') }
        $self->{mock}->journal];
    $r->{json} = eval { $json->decode($r->{body} // '') }
        if length($r->{body} // '') < 65536;
    return $r;
}


sub log_of {
    my ($self, $case, $timeout) = @_;
    my $line;

    $self->{nginx}->wait_for(sub {
        ($line) = slurp("$self->{nginx}{dir}/engine.log")
            =~ /^(\{"case":"\Q$case\E",.*\})$/m;
        defined $line;
    }, $timeout // 3);

    return defined $line ? $json->decode($line) : undef;
}


# "addr" with the ports' names: "A, B".
sub addrs {
    my ($self, $r) = @_;
    my $v = $self->{vars};
    my %name = map { ("127.0.0.1:$v->{$_}" => $_) }
        grep { defined $v->{$_} } qw(A B TLS DEAD);

    return join ', ', map { $name{$_} // $_ } split /, /, $r->{log}{addr};
}


# The data of the events in a body, and the text of their deltas.
sub events {
    my ($body) = @_;

    return map { /^data: ?(.*)$/m ? $1 : () } split /\r\n\r\n|\n\n|\r\r/, $body;
}


sub text {
    my ($body) = @_;

    return join '', map { my $e = eval { $json->decode($_) };
        ref $e ? map { $_->{delta}{content} // $_->{text} // '' }
            @{ $e->{choices} || [] } : () } events($body);
}


# Whether it is one error in OpenAI's shape: its message, or undef.
sub error_of {
    my ($r) = @_;
    my $j = $r->{json};

    return if ref $j ne 'HASH' || join(',', keys %$j) ne 'error'
        || ref $j->{error} ne 'HASH'
        || join(',', sort keys %{ $j->{error} }) ne 'code,message,param,type'
        || ($r->{header}{'content-type'} // '') ne 'application/json';
    return $j->{error}{message};
}


sub done { my ($self, %opt) = @_; return $self->{nginx}->done(%opt) }


1;
