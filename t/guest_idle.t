#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# The module is loaded and nothing of it is configured: nginx with it and
# nginx without it are told apart by nobody.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

use lib dirname(__FILE__) . '/lib';

use AIGateway::Ask;
use AIGateway::Checks qw(free_port slurp spew);
use AIGateway::Mock;
use Nginx;

my $mock = AIGateway::Mock->start;
my $dir = tempdir('ai-gateway-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $plain = $ENV{TEST_NGINX_BINARY} || 'nginx';
my $debug = `$plain -V 2>&1` =~ /--with-debug/;

chmod 0755, $dir;
spew("$dir/page.html", "<p>page</p>\n" x 100);
chmod 0644, "$dir/page.html";


sub server {
    my ($module) = @_;
    my $port = free_port();

    local $ENV{AI_MODULE} = $module;
    my $n = Nginx->new(mock => $mock, level => $debug ? 'debug' : 'info',
        http => <<"END");
log_format mine '\$uri \$status \$body_bytes_sent';
access_log %%DIR%%/mine.log mine;
server {
    listen 127.0.0.1:$port;
    root $dir;
    gzip on;
    error_page 418 \@teapot;

    location / { }
    location /mock/ { proxy_pass http://127.0.0.1:@{[ $mock->port ]}/; }
    location /dead/ { proxy_pass http://127.0.0.1:1; }
    location /said { return 403 "no\\n"; }
    location /tea { return 418; }
    location \@teapot { add_header X-Tea yes always; return 418 "tea\\n"; }
    location /denied { deny all; }
}
END

    $n->start;
    return ($n, $port);
}


# what must be the same: all but the time, and ids that the mock makes up
sub seen {
    my ($r) = @_;

    return $r->{raw} =~ s/^Date: .*?\r\n//mr =~ s/^x-request-id: .*?\r\n//mri;
}


sub shared_zones {
    my ($pid) = @_;

    return scalar(() = slurp("/proc/$pid/maps") =~ m{rw-s .*/dev/zero}g);
}


my ($with, $port) = server(Nginx::module());
my ($without, $other) = server('');

my @requests = (
    ['a file', GET => '/page.html'],
    ['a file, compressed', GET => '/page.html', undef,
        'Accept-Encoding' => 'gzip'],
    ['a file, its head', HEAD => '/page.html'],
    ['what is not there', GET => '/nothing'],
    ['what can\'t be posted', POST => '/page.html', 'x'],
    ['another server', GET => '/mock/v1/models'],
    ['another server, posted to', POST => '/mock/v1/chat/completions',
        chat_body()],
    ['a stream of another server', POST => '/mock/v1/chat/completions',
        chat_body({ stream => \1 })],
    ['a server that is not there', GET => '/dead/'],
    ['what is returned', GET => '/said'],
    ['a named location', GET => '/tea'],
    ['what is denied', GET => '/denied'],
    ['a path of the gateway', POST => '/v1/chat/completions', chat_body()],
    ['a bad path', GET => '/%'],
    ['a long path', GET => '/' . 'x' x 10000],
    ['a long header', GET => '/', undef, 'X-Long' => 'x' x 40000],
    ['a header that is none', GET => '/', undef, "Content-Length" => 'x'],
);

for my $q (@requests) {
    my ($name, @request) = @$q;

    is seen(ask($port, @request)), seen(ask($other, @request)), $name;
}

my ($a, $b) = map { ($_->workers)[0] } $with, $without;

is shared_zones($a), shared_zones($b), 'no zone is made';
is Nginx::open_fds($a), Nginx::open_fds($b), 'no file is open';
cmp_ok Nginx::rss_kb($a) - Nginx::rss_kb($b), '<', 2048,
    'it takes memory for its code only';

$_->stop for $with, $without;

is slurp("$with->{dir}/mine.log"), slurp("$without->{dir}/mine.log"),
    'the log is the same';

if ($debug) {
    my @phases = map { [$_->log =~ /\b(\w+ phase: \d+)/g] } $with, $without;

    cmp_ok scalar(@{ $phases[0] }), '>', 50, 'the phases are in the log';
    is_deeply @phases, 'and no handler is in them';
}

unlike $with->log, qr/\bai[ _]/, 'it has nothing to say';

ends_clean($with, name => 'with it: a clean ending');
ends_clean($without, name => 'without it: a clean ending');
$mock->stop;

done_testing;
