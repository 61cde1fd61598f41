package Lint::Floors;

# A file includes headers of its own floor or of lower ones.  The pure floors
# have no clock, no socket, no file and no request.

use strict;
use warnings;

my @calls = qw(
    socket connect accept bind listen send recv sendto recvfrom poll select
    epoll_wait open openat close read write pread pwrite fopen fread fwrite
    fclose stat getenv printf fprintf puts syslog sleep usleep nanosleep
    time gettimeofday clock_gettime localtime gmtime getaddrinfo
    ngx_time ngx_timeofday ngx_gettimeofday ngx_monotonic_time
    ngx_localtime ngx_open_file ngx_read_file ngx_write_file ngx_log_error
    ngx_conf_log_error ngx_add_timer ngx_event_connect_peer
);

my @values = qw(
    ngx_current_msec ngx_cached_time ngx_cached_http_time ngx_cycle
    ngx_http_request_t ngx_connection_t ngx_conf_t
);

my $call = do { my $any = join '|', @calls; qr/(?<![\w>.])($any)\s*\(/ };
my $value = do { my $any = join '|', @values; qr/\b($any)\b/ };

my $system = qr{^<(ngx_(?:http|event|event_connect|stream|channel)\w*
                   | sys/socket | netinet/ | netdb | time | sys/time
                   | unistd | stdio)}x;


sub check {
    my ($tree) = @_;
    my @found;

    my %rank;
    @rank{@Lint::Tree::FLOORS} = 0 .. $#Lint::Tree::FLOORS;

    # every floor is on the include path: a header is found by its bare name

    my %home = map { m{([^/]+)$} ? ($1 => $tree->floor($_)) : () }
               $tree->files(qr{^src/.+\.h$});

    for my $file ($tree->sources) {
        my $floor = $tree->floor($file);

        push @found, name($file, $floor) if defined $floor;

        my @code = $tree->code($file);
        my @lines = $tree->lines($file);

        for my $i (0 .. $#lines) {
            my $fault = include($lines[$i], $floor, \%home, \%rank)
                        // ($tree->is_pure($file) ? impure($code[$i]) : undef);

            push @found, [ $file, $i + 1, $fault ] if defined $fault;
        }
    }

    return @found;
}


sub include {
    my ($line, $floor, $home, $rank) = @_;

    my ($what) = $line =~ /^#\s*include\s+([<"][^>"]+[>"])/ or return;

    return if !defined $floor;

    if ($what =~ /^"([^"]+)"/) {
        return "\"$1\" is included by its bare name" if $1 =~ m{/};
        return if !defined $home->{$1};

        return "src/$floor includes $1 of the higher src/$home->{$1}"
            if $rank->{ $home->{$1} } > $rank->{$floor};

        return;
    }

    return "src/$floor is pure and includes $what"
        if $what =~ $system
           && grep { $_ eq $floor } @Lint::Tree::PURE;

    return;
}


sub impure {
    my ($code) = @_;

    return if $code =~ /^\s*#/;
    return "$1() on a pure floor" if $code =~ $call;
    return "$1 on a pure floor" if $code =~ $value;

    return;
}


# Names say the floor

sub name {
    my ($file, $floor) = @_;

    my $pure = grep { $_ eq $floor } @Lint::Tree::PURE;
    my $good = $pure ? qr{/ngx_ai_[a-z0-9_]+\.[ch]$}
                     : qr{/ngx_http_ai(?:_[a-z0-9_]+)?\.[ch]$};

    return if $file =~ $good;
    return [ $file, 1, 'the name does not say the floor: '
             . ($pure ? 'ngx_ai_*' : 'ngx_http_ai_*') ];
}

1;
