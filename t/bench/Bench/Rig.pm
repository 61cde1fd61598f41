package Bench::Rig;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# One nginx that is both the gateway and a plain proxy, and the mock behind
# them. The worker has a processor of its own, all else shares the others.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Path qw(remove_tree);
use JSON::PP qw(encode_json);
use POSIX ();

use AIGateway::Checks qw(canary free_port slurp spew);
use AIGateway::Mock;
use Nginx;

# How the mock answers, and so what a provider is called: its recipe.
my %recipes = (
    chat      => 'size=1500',
    small     => 'events=5',
    held      => 'events=5,delay=500',
    reply64   => 'size=65000',
    reply1m   => 'size=1048000',
    burst     => 'events=150',
    paced     => 'events=150,split=event',
    open      => 'events=150,split=event,stall=e40',

    claude       => 'size=1500',
    claude_burst => 'events=150',
    claude_paced => 'events=150,split=event',
    claude_open  => 'events=150,split=event,stall=e40',
);

# Those of Anthropic, which the gateway's clients reach in OpenAI's words.
sub dialect { return $_[0] =~ /^claude/ ? 'anthropic' : 'openai' }

my %routes = (openai => 'v1/chat/completions', anthropic => 'v1/messages');

my $provider_key = canary('the provider key');
my $key = canary('the client key', 'sk-client-');

my (@cpus, $mock, %running);


# Keeps this process, and all it starts, off the worker's processor.
sub pin {
    my ($list) = slurp('/proc/self/status') =~ /^Cpus_allowed_list:\s*(\S+)/m;

    @cpus = map { /(\d+)-(\d+)/ ? $1 .. $2 : $_ } split /,/, $list;

    if (@cpus > 1) {
        my $others = join ',', @cpus[1 .. $#cpus];
        system('taskset', '-cp', $others, $$) == 0
            && return "worker on CPU $cpus[0], mock and load on CPU $others";
    }

    @cpus = ();
    return 'nothing pinned: one CPU only';
}


sub silently {
    my ($f) = @_;

    open my $out, '>&', \*STDOUT or die "dup: $!";
    open STDOUT, '>', '/dev/null' or die "/dev/null: $!";
    my $said = $f->();
    open STDOUT, '>&', $out or die "dup: $!";
    return $said;
}


sub new {
    my ($class) = @_;

    $ENV{TEST_NGINX_BINARY} ||= $ENV{AI_NGINX} || 'nginx';
    $ENV{BENCH_PROVIDER_KEY} = $provider_key;

    my $pinned = silently(\&pin);
    $mock ||= AIGateway::Mock->start(args => ['--listen', '127.0.0.1:0']);

    my $port = free_port();
    my $nginx = Nginx->new(connections => 4096, level => 'warn',
        main => main_conf(), http => http_conf($port));
    my $self = bless { nginx => $nginx, port => $port, pinned => $pinned },
        $class;

    spew("$nginx->{dir}/keys.json", encode_json({ keys => [{ id => 'bench',
        sha256 => sha256_hex($key), owner => 'bench', group => 'bench',
        project => 'bench', tenant => 'bench' }] }));
    $nginx->start;
    $nginx->{done} = 1;                 # there is no test to be counted
    $running{$nginx} = $nginx;
    ($self->{worker}) = $nginx->workers;
    return $self;
}


sub main_conf {
    my $affinity = @cpus ? 'worker_cpu_affinity '
        . '1' . '0' x $cpus[0] . ';' : '';

    return "env BENCH_PROVIDER_KEY;\nworker_rlimit_nofile 8192;\n$affinity\n";
}


sub http_conf {
    my ($port) = @_;
    my $up = '127.0.0.1:' . $mock->port;
    my $providers = join '', map { my $dialect = dialect($_); <<"END" }
ai_provider $_ {
    type $dialect;
    url  http://$up/~$recipes{$_}/v1;
    key  env:BENCH_PROVIDER_KEY;
}
END
        sort keys %recipes;

    return <<"END";
client_body_buffer_size 1m;
client_max_body_size 100m;
keepalive_requests 1000000;

ai_zone bench 16m;
$providers
upstream mock {
    server $up;
    keepalive 128;
    keepalive_requests 1000000;
}

proxy_http_version 1.1;
proxy_set_header Connection "";

server {
    listen 127.0.0.1:$port backlog=4096;
    access_log %%DIR%%/access.log ai_log_json;

    location / {
        ai_gateway on;
        ai_keys %%DIR%%/keys.json;
    }

    location = /metrics { ai_metrics; }

    location /plain/on/ { proxy_pass http://mock/; }

    location /plain/off/ {
        proxy_pass http://mock/;
        proxy_buffering off;
    }
}
END
}


# The target and the model by which a side reaches the mock's recipe, and the
# dialect that it speaks; sides are gateway, on and off (proxy_buffering).
sub target {
    my ($self, $side, $recipe) = @_;
    my $dialect = dialect($recipe);

    return $side eq 'gateway'
        ? ("/$routes{openai}", "$recipe/gpt-4o-mini", 'openai')
        : ("/plain/$side/~$recipes{$recipe}/$routes{$dialect}",
            'gpt-4o-mini', $dialect);
}


sub key { return $key }


# CPU time of the worker in microseconds. schedstat has what stat has, which
# is rounded to ticks of 10 ms.
sub cpu_us {
    my ($self) = @_;

    return $1 / 1000 if slurp("/proc/$self->{worker}/schedstat") =~ /^(\d+) /;
    return Nginx::cpu_ticks($self->{worker}) * 1e6 / POSIX::sysconf(
        POSIX::_SC_CLK_TCK());
}


# KiB of memory that no file stands behind; what is shared with the master
# counts by half. Pages of a temporary file that is mapped are the cache's.
sub memory_kb {
    my ($self) = @_;

    return slurp("/proc/$self->{worker}/smaps_rollup")
        =~ /^Pss_Anon:\s+(\d+)/m ? $1 : die "no Pss_Anon in smaps_rollup\n";
}


sub forget_log { truncate "$_[0]{nginx}{dir}/access.log", 0; return }


# Stops nginx; dies when it did not end cleanly.
sub stop {
    my ($self) = @_;
    my $nginx = $self->{nginx};
    my @complaints = $nginx->complaints;

    delete $running{$nginx};
    die join("\n", @complaints) . "\n" if @complaints;
    remove_tree($nginx->{dir});
    return;
}


END {
    local $?;

    $_->stop for values %running;
}


1;
