# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Everything at once: whole replies and streams, large bodies, providers that
# fail in many ways, clients that go away, and a reload every few seconds.

use strict;
use warnings;

use AIGateway::Checks qw(slurp spew);
use File::Basename qw(dirname);
use JSON::PP qw(decode_json);
use POSIX ();
use Soak;
use Test::More;
use Time::HiRes qw(sleep time);

my $s = Soak->new(workers => 2, http => <<'END');
ai_provider a {
    type openai;
    url  http://127.0.0.1:%%A%%/v1;
    key  env:SOAK_PROVIDER_KEY;
    timeout connect=2s first_token=5s idle=2s;
}
ai_provider b {
    type openai;
    url  http://127.0.0.1:%%B%%/v1;
    key  env:SOAK_PROVIDER_KEY;
    timeout connect=2s first_token=5s idle=2s;
}
ai_provider dead {
    type openai;
    url  http://127.0.0.1:%%DEAD%%/v1;
    key  env:SOAK_PROVIDER_KEY;
}
ai_model both {
    target   a gpt-4o-mini;
    fallback b gpt-4o-mini;
    retry    2 backoff=10ms..50ms on=connect,timeout,429,5xx,bad_body;
}
ai_model down {
    target   dead gpt-4o-mini;
    fallback b gpt-4o-mini;
    retry    2 backoff=10ms..50ms;
}
END

my $nginx = $s->{nginx};
my $results = "$nginx->{dir}/results";
my @base = map { Nginx::open_fds($_) } $nginx->workers;
my $load = fork // die "fork: $!";

if ($load == 0) {
    $ENV{SOAK_KEY} = $s->{key};
    exec 'node', dirname(__FILE__) . '/load.js', $s->{port}, Soak::seconds(),
        $results or POSIX::_exit(127);
}

my $reloads = 0;
my $next = time + 3;

until (waitpid $load, POSIX::WNOHANG()) {
    sleep 0.1;
    next if time < $next;
    $nginx->reload or die "nginx did not reload\n";
    $reloads++;
    $next = time + 5;
}

is $?, 0, 'the clients came to an end of their own';
cmp_ok $reloads, '>', 0, 'nginx was reloaded in between';
ok $nginx->wait_for(sub { !$nginx->workers(1) }, 30),
    'old workers end when their requests have';
ok $s->{mock}->idle(5), 'the mock has nothing left to do';

my @results = map { decode_json($_) } split /\n/, slurp($results);
my %lines;
push @{ $lines{ $_->{id} } }, $_ for $s->log_lines;
delete $lines{''};                      # /metrics

# A kept connection may be closed as a request is sent on it: that one was
# not seen by nginx, and the client may send it again.
my @unseen = grep { $_->{unsent} && !$lines{ $_->{id} } } @results;
my %unseen = map { $_->{id} => 1 } @unseen;
my @seen = grep { !$unseen{ $_->{id} } } @results;
my @odd = grep { @{ $lines{ $_->{id} } || [] } != 1 } @seen;

cmp_ok scalar @seen, '>', Soak::seconds() * 5, 'there were many requests';
is scalar @odd, 0, 'every request has one line in the access log'
    or diag join "\n", map { "$_->{id} $_->{kind}"
        . ($_->{aborted} ? ', aborted: ' : ": $_->{status}/$_->{ended}, ")
        . @{ $lines{ $_->{id} } || [] } . ' lines' } @odd[0 .. min9(\@odd)];
is scalar keys %lines, scalar @seen, 'every line has a request';

my @wrong = grep { defined $_->{want} && !$_->{aborted}
    && !$_->{unsent} && "$_->{status}/$_->{ended}" ne $_->{want} } @results;

is scalar @wrong, 0, 'every answer is the one to be expected'
    or diag join "\n", map { "$_->{id} $_->{kind}: $_->{status}/$_->{ended}, "
        . "not $_->{want}" } @wrong[0 .. min9(\@wrong)];

tokens();

$s->{mock}->reset;
is $s->gauge('ai_gateway_in_flight'), 0, 'nothing is in flight at the end';

# idle connections to the provider are its to close
$s->{mock}->stop;
ok $nginx->wait_for(sub {
    my @now = map { Nginx::open_fds($_) } $nginx->workers;
    "@now" eq "@base";
}, 10), 'the workers have the files open that they began with'
    or diag "@base at first, then "
        . join ' ', map { Nginx::open_fds($_) } $nginx->workers;

my %kinds;
$kinds{ $_->{kind} . ($_->{aborted} ? ' aborted' : '') }++ for @results;
diag "$reloads reloads, " . @results . ' requests, ' . @unseen . ' unseen: '
    . join ', ', map { "$_ $kinds{$_}" } sort keys %kinds;

$nginx->done;
done_testing();


sub min9 { my $n = $#{ $_[0] }; return $n > 9 ? 9 : $n }


# What the log says of those that were answered in full is what the mock says
# that it billed.
sub tokens {
    my %billed;

    for (split /\n/, slurp($s->{journal})) {
        my $e = decode_json($_);
        next if $e->{ended} ne 'complete' || $e->{status} != 200;
        push @{ $billed{ $e->{id} } }, $e->{usage};
    }

    my ($n, $in, $out) = (0, 0, 0);
    my @differ;

    for my $r (grep { $_->{status} == 200 && $_->{ended} eq 'complete' } @seen)
    {
        my $line = $lines{ $r->{id} }[0];
        my $usage = ($billed{ $line->{request} } || [])->[0];

        $n++;
        $in += $line->{in} || 0;
        $out += $line->{out} || 0;
        push @differ, $r if !$usage || $line->{in} ne $usage->{prompt}
            || $line->{out} ne $usage->{completion};
    }

    cmp_ok $n, '>', 0, 'some requests were answered in full';
    is scalar @differ, 0, 'tokens in the log are those that were billed'
        or diag join "\n", map { "$_->{id} $_->{kind}" }
            @differ[0 .. min9(\@differ)];
    diag "$n answered in full, $in tokens in, $out out";
    return;
}
