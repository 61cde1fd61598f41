package Nginx;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# An nginx of one's own, for what Test::Nginx has no words for: signals,
# timing, HTTP/2, many connections. Plain perl with Test::More.
#
#   my $n = Nginx->new(http => <<"END");
#   server { listen 127.0.0.1:$port; ... }
#   END
#   $n->start;
#   ...
#   $n->done;                   # stops it and checks the ending: one test
#
# A test that uses a mock or a client takes AIGateway::Mock, AIGateway::Client;
# give the mock to new(mock => $mock) to have it checked too.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Spec;
use File::Temp qw(tempdir);
use POSIX ();
use Test::More ();
use Time::HiRes qw(sleep time);

use lib dirname(__FILE__);
use AIGateway::Checks qw(text_complaints log_complaints sanitizer_complaints
    slurp spew);

my @servers;
my $owner = $$;


# The module to load: AI_MODULE, or the one that make builds; '' for none.
sub module {
    my $root = File::Spec->rel2abs(dirname(__FILE__) . '/../..');

    return $ENV{AI_MODULE} // "$root/build/nginx/ngx_http_ai_gateway_module.so";
}


# http => text within http{}, main => text before it, workers => 1,
# connections => 1024, level => 'info', dir => a directory that exists,
# conf => the whole text (%%DIR%% stands for the directory), mock => a mock.
sub new {
    my ($class, %opt) = @_;
    my $self = bless { workers => 1, connections => 1024, level => 'info',
        main => '', http => '', %opt }, $class;

    if (!$self->{dir}) {
        $self->{dir} = tempdir('ai-gateway-XXXXXX', TMPDIR => 1);
        # workers are nobody, and have files to write there
        chmod 0755, $self->{dir};
        $self->{own_dir} = 1;
    }

    push @servers, $self;
    return $self;
}


sub conf {
    my ($self) = @_;
    my $dir = $self->{dir};
    my $module = module();
    my $load = $module eq '' ? '' : "load_module $module;";
    my $conf = $self->{conf} // <<"END";
$load
worker_processes $self->{workers};
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log $self->{level};
$self->{main}
events {
    worker_connections $self->{connections};
}
http {
    access_log %%DIR%%/access.log;
    client_body_temp_path %%DIR%%/body;
    proxy_temp_path %%DIR%%/proxy;
    fastcgi_temp_path %%DIR%%/fastcgi;
    uwsgi_temp_path %%DIR%%/uwsgi;
    scgi_temp_path %%DIR%%/scgi;
$self->{http}
}
END

    $conf =~ s/%%DIR%%/$dir/g;
    return $conf;
}


# Runs nginx with the arguments; its exit status and what it said.
sub run {
    my ($self, @args) = @_;
    my $dir = $self->{dir};
    my @cmd = ($ENV{TEST_NGINX_BINARY} || 'nginx', '-p', "$dir/", '-e',
        "$dir/error.log", '-c', "$dir/nginx.conf", @args);

    spew("$dir/nginx.conf", $self->conf);

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        # a daemon must not hold what the test's caller waits for
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$dir/stdout";
        open STDERR, '>&', \*STDOUT;
        exec @cmd or print "$cmd[0]: $!\n";
        POSIX::_exit(127);
    }

    waitpid $pid, 0;
    return ($? >> 8 || $?, slurp("$dir/stdout"));
}


# What `nginx -t` says of the configuration: (status, text).
sub check_conf {
    my ($self) = @_;

    return $self->run('-t');
}


sub start {
    my ($self) = @_;
    my ($status, $said) = $self->run;

    die "nginx did not start: $said" . $self->log . "\n" if $status;

    $self->wait_for(sub { $self->pid && $self->workers == $self->{workers} })
        or die "nginx has no workers\n";
    return $self;
}


sub pid {
    my ($self) = @_;
    my ($pid) = slurp("$self->{dir}/nginx.pid") =~ /^(\d+)/;

    return $pid;
}


# The workers' pids; with a true argument only those that are shutting down.
sub workers {
    my ($self, $shutting) = @_;

    return grep { my $title = slurp("/proc/$_/cmdline");
        $title =~ /^nginx: worker/
            && ($title =~ /shutting down/ ? $shutting : !$shutting) }
        children($self->pid);
}


sub signal {
    my ($self, $name) = @_;

    return kill $name, $self->pid;
}


# Reloads, with a changed configuration if options as new()'s are given, and
# waits for the new workers. The old ones may be shutting down still.
sub reload {
    my ($self, %opt) = @_;
    my %old = map { $_ => 1 } $self->workers;

    @$self{keys %opt} = values %opt;
    spew("$self->{dir}/nginx.conf", $self->conf);
    $self->signal('HUP');

    return $self->wait_for(sub {
        my @now = grep { !$old{$_} } $self->workers;
        @now == $self->{workers} && @now == $self->workers;
    });
}


# Stops it, gracefully unless told otherwise: the seconds that took, or undef
# when it did not stop in time and had to be killed.
sub stop {
    my ($self, $signal, $timeout) = @_;
    my $pid = $self->pid or return 0;
    my $start = time;
    my @all = ($pid, children($pid));

    kill $signal || 'QUIT', $pid;

    return time - $start if $self->wait_for(sub { !grep { alive($_) } @all },
        $timeout // 10);

    kill 'KILL', grep { alive($_) } @all;
    return undef;
}


sub log { return slurp("$_[0]{dir}/error.log") }


sub access_log { return slurp("$_[0]{dir}/access.log") }


sub wait_for {
    my ($self, $true, $timeout) = @_;
    my $end = time + ($timeout // 5);

    until ($true->()) {
        return 0 if time > $end;
        sleep 0.01;
    }

    return 1;
}


# Bytes that left, to be searched for secrets at the end.
sub saw {
    my ($self, $bytes) = @_;

    push @{ $self->{saw} }, $bytes;
    return;
}


# Stops nginx; what is wrong with how it ended.
sub complaints {
    my ($self, %opt) = @_;

    return (defined $self->stop ? () : 'nginx did not stop',
        (map { log_complaints($_, %opt) } "$self->{dir}/error.log",
            "$self->{dir}/access.log"),
        (map { text_complaints('a response', $_) } @{ $self->{saw} || [] }),
        sanitizer_complaints(),
        $self->{mock} ? $self->{mock}->complaints : ());
}


# Stops nginx and passes or fails one test; allow => [ patterns of [alert]
# lines that the test provoked ].
sub done {
    my ($self, %opt) = @_;

    return if $self->{done}++;

    my @complaints = $self->complaints(%opt);

    Test::More::ok(!@complaints, $opt{name} || 'a clean ending')
        or Test::More::diag(join "\n", @complaints);

    remove_tree($self->{dir}) if $self->{own_dir} && !$ENV{AI_KEEP};
    return !@complaints;
}


# Processes, from /proc.

sub children {
    my ($pid) = @_;

    return if !$pid;
    return grep { ((stat_of($_))[1] // 0) == $pid }
        map { m{(\d+)} ? $1 : () } glob '/proc/[0-9]*';
}


# The fields of /proc/PID/stat from the state on.
sub stat_of {
    my ($pid) = @_;

    return split ' ', slurp("/proc/$pid/stat") =~ s/^.*\) //sr;
}


sub alive {
    my ($pid) = @_;
    my ($state) = stat_of($pid);

    return defined $state && $state ne 'Z';
}


# user + system time, in ticks of 10 ms
sub cpu_ticks { my @f = stat_of($_[0]); return $f[11] + $f[12] }


sub rss_kb {
    my ($pid) = @_;
    my ($kb) = slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m;

    return $kb;
}


sub open_fds { my @f = glob "/proc/$_[0]/fd/*"; return scalar @f }


END {
    # exit codes are the test's
    local $?;

    if ($$ == $owner) {
        for my $s (@servers) {
            $s->done(name => 'a clean ending of an nginx left running')
                if !$s->{done} && $s->pid;
        }
    }
}


1;
