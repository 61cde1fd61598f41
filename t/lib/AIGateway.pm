package AIGateway;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Test::Nginx::Socket for this module:
#
#   use lib 't/lib';
#   use AIGateway;              # AIGateway mock => [ more arguments for it ]
#   run_tests();
#   __DATA__
#   === TEST 1: a chat goes through
#   --- http_config
#   ai_provider openai { url http://127.0.0.1:$TEST_NGINX_MOCK_PORT/v1; ... }
#
# Each file has a mock, a free port and a directory of its own, so that files
# run side by side. There is no plan to count: every file ends with 1..N.
#
# In the configuration, requests, headers and expectations stand:
#
#   $TEST_NGINX_MOCK_PORT, _MOCK_PORT_2   the mock, twice (providers A and B)
#   $TEST_NGINX_MOCK_PORT_6               the mock at [::1]; '' without IPv6
#   $TEST_NGINX_MOCK_TLS_PORT             the mock with a good certificate
#   $TEST_NGINX_MOCK_SOCK                 the mock at a unix socket
#   $TEST_NGINX_CERTS                     see AIGateway::Certs
#   $TEST_NGINX_OPENAI_KEY                what OPENAI_API_KEY is (a canary)
#   $TEST_NGINX_KEY_FILE, _FILE_KEY       a file with a provider key; the key
#   $TEST_NGINX_KEYS_FILE                 virtual keys, for ai_keys:
#   $TEST_NGINX_CLIENT_KEY                  a good one
#   $TEST_NGINX_CLIENT_KEY_DISABLED, _EXPIRED, _LIMITED (to gpt-4o-mini)
#
# `env OPENAI_API_KEY;` is in every configuration; there is no `location /`
# but the test's own, and there is a master process.
#
# More sections:
#
#   --- journal            patterns, one a line, each for a line of the mock's
#                          journal (JSON) of this block; "! pattern" for none.
#                          Or `eval` and a sub that gets the decoded lines and
#                          returns true; main::is() may be used in it.
#   --- journal_count: N   how many requests the mock saw in this block
#   --- raw_response_like  a pattern for the bytes of all responses, with
#   --- raw_response_unlike  --- ignore_response good for truncated ones
#
# Every block ends with a test of its own: nginx stops in time, leaves no
# [alert], no open socket, no sanitizer line, no request open at the mock; no
# secret is in a log, nor in what was sent to the client.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More ();
use Time::HiRes qw(sleep time);

use lib dirname(__FILE__);
use AIGateway::Certs;
use AIGateway::Checks qw(canary free_port log_complaints sanitizer_complaints
    slurp spew text_complaints);
use AIGateway::Mock;
use Nginx ();

our ($dir, $mock, $owner, @responses, %client_keys, $file_key);

BEGIN {
    $owner = $$;
    $dir = tempdir('ai-gateway-XXXXXX', TMPDIR => 1);
    chmod 0755, $dir;

    # Test::Nginx reads these as it is loaded
    $ENV{TEST_NGINX_SERVROOT} = "$dir/servroot";
    $ENV{TEST_NGINX_SERVER_PORT} = free_port();
    $ENV{TEST_NGINX_CLIENT_PORT} = $ENV{TEST_NGINX_SERVER_PORT};
    $ENV{TEST_NGINX_LOAD_MODULES} //= Nginx::module();
}


sub import {
    my ($class, %opt) = @_;

    eval q{package main; use Test::Nginx::Socket 'no_plan'; 1} or die $@;

    start_mock(@{ $opt{mock} || [] });
    make_secrets();

    # a single process logs no "open socket" as it ends
    main::master_on();
    main::no_root_location();
    main::worker_connections(1024);
    main::env_to_nginx('OPENAI_API_KEY');
    main::add_block_preprocessor(\&prepare);
    main::add_test_cleanup_handler(\&finish);
    watch_responses();
    return;
}


sub start_mock {
    my (@args) = @_;
    my $six = slurp('/proc/net/if_inet6') =~ /^0{31}1 /m;
    my $certs = AIGateway::Certs::make("$dir/certs");

    $mock = AIGateway::Mock->start(listeners => $six ? 5 : 4, args => [
        '--listen', join(',', '127.0.0.1:0', '127.0.0.1:0', 'tls:127.0.0.1:0',
            "unix:$dir/mock.sock", $six ? '[::1]:0' : ()),
        '--tls', "$certs/good.pem", "$certs/good.key", @args]);

    $ENV{TEST_NGINX_MOCK_PORT} = $mock->port(0);
    $ENV{TEST_NGINX_MOCK_PORT_2} = $mock->port(1);
    $ENV{TEST_NGINX_MOCK_TLS_PORT} = $mock->port(2);
    $ENV{TEST_NGINX_MOCK_PORT_6} = $mock->port(4) // '';
    $ENV{TEST_NGINX_MOCK_SOCK} = "$dir/mock.sock";
    $ENV{TEST_NGINX_CERTS} = $certs;
    return;
}


sub make_secrets {
    $ENV{OPENAI_API_KEY} = canary('OPENAI_API_KEY');
    $ENV{TEST_NGINX_OPENAI_KEY} = $ENV{OPENAI_API_KEY};
    $file_key = canary('the key in the file');
    $ENV{TEST_NGINX_FILE_KEY} = $file_key;
    $ENV{TEST_NGINX_KEY_FILE} = "$dir/servroot/conf/provider.key";
    $ENV{TEST_NGINX_KEYS_FILE} = "$dir/servroot/conf/ai-keys.json";

    for my $kind ('', qw(_DISABLED _EXPIRED _LIMITED)) {
        $client_keys{$kind} = canary("client key $kind", 'sk-client-');
        $ENV{"TEST_NGINX_CLIENT_KEY$kind"} = $client_keys{$kind};
    }

    return;
}


# Called for each block, when Test::Nginx has made the server root anew.
sub write_secrets {
    my %more = (_DISABLED => { disabled => JSON::PP::true },
        _EXPIRED => { expires => '2020-01-01T00:00:00Z' },
        _LIMITED => { allow => ['gpt-4o-mini'] });
    my @keys = map { { id => lc "test$_",
        sha256 => sha256_hex($client_keys{$_}),
        owner => 'tester', group => 'tests', project => 'gateway',
        tenant => 'acme', role => 'developer', %{ $more{$_} || {} } } }
        sort keys %client_keys;

    spew($ENV{TEST_NGINX_KEY_FILE}, "$file_key\n");
    spew($ENV{TEST_NGINX_KEYS_FILE},
        JSON::PP->new->canonical->pretty->encode({ keys => \@keys }));
    return;
}


sub watch_responses {
    my $send = \&Test::Nginx::Socket::send_request;

    no warnings qw(redefine prototype);
    *Test::Nginx::Socket::send_request = sub ($$$$@) {
        my ($raw, $head) = $send->(@_);
        push @responses, $raw if defined $raw;
        return ($raw, $head);
    };
    return;
}


# Test::Nginx expands variables in configurations only.
sub expand {
    my ($v) = @_;

    return [map { expand($_) } @$v] if ref $v eq 'ARRAY';
    return { map { $_ => expand($v->{$_}) } keys %$v } if ref $v eq 'HASH';
    return $v if ref $v || !defined $v;

    $v =~ s/\$(TEST_NGINX_[_A-Z0-9]+)/$ENV{$1} \/\/ "\$$1"/eg;
    return $v;
}


sub prepare {
    my ($block) = @_;

    $mock->reset;
    @responses = ();

    for my $name (qw(request raw_request more_headers pipelined_requests
        response_headers error_log no_error_log access_log no_access_log
        response_body_like))
    {
        my $v = $block->$name;
        $block->set_value($name, expand($v)) if defined $v;
    }

    my $none = $block->no_error_log;

    if (defined $none || !defined $block->error_log) {
        my @none = ref $none eq 'ARRAY' ? @$none : ref $none ? ($none)
            : split /\n+/, $none // '';
        $block->set_value('no_error_log', [@none, '[alert]', '[emerg]']);
    }

    $block->set_value('post_setup_server_root', 'AIGateway::write_secrets();'
        . ($block->post_setup_server_root // ''));
    return;
}


# Stops the block's nginx, so that its last words are there to be judged.
sub stop_nginx {
    my $file = $Test::Nginx::Util::PidFile;
    my ($pid) = slurp($file) =~ /^(\d+)/;

    return if $Test::Nginx::Util::UseHup || !$pid || !Nginx::alive($pid);

    my @all = ($pid, Nginx::children($pid));
    my $end = time + 10;

    kill 'QUIT', $pid;

    while (my @left = grep { Nginx::alive($_) } @all) {
        if (time > $end) {
            kill 'KILL', @left;
            unlink $file;
            return 'nginx did not end within 10 s of QUIT';
        }
        sleep 0.01;
    }

    return;
}


sub finish {
    my ($block) = @_;
    my $name = $block->name;

    return if defined $block->SKIP;

    check_journal($block, $name);
    check_raw($block, $name);

    my @complaints = stop_nginx();

    push @complaints, map { log_complaints($_) } glob "$dir/servroot/logs/*";
    push @complaints, map { text_complaints('a response', $_) } @responses;
    push @complaints, sanitizer_complaints();
    push @complaints, $mock->complaints if !$Test::Nginx::Util::UseHup;

    Test::More::ok(!@complaints, "$name - a clean ending")
        or Test::More::diag(join "\n", @complaints);
    return;
}


sub check_journal {
    my ($block, $name) = @_;
    my ($want, $count) = ($block->journal, $block->journal_count);

    return if !defined $want && !defined $count;

    Test::More::ok($mock->idle, "$name - journal - the mock is at rest");

    my $text = $mock->journal_text;
    my @lines = split /\n/, $text;

    if (defined $count) {
        $count =~ s/\s+//g;
        Test::More::is(scalar @lines, $count,
            "$name - journal_count - requests at the mock");
    }

    if (ref $want eq 'CODE') {
        my $good = eval {
            $want->(map { JSON::PP::decode_json($_) } @lines);
        };
        Test::More::ok($good, "$name - journal - as the code wants it")
            or Test::More::diag($@, $text);
        return;
    }

    my @patterns = ref $want ? @$want : split /\n+/, expand($want) // '';

    for my $pattern (grep { /\S/ } @patterns) {
        my $not = $pattern =~ s/^!\s*//;
        my @hits = grep { /$pattern/ } @lines;

        Test::More::ok($not ? !@hits : @hits > 0, "$name - journal - "
            . ($not ? 'no ' : '') . "line like $pattern")
            or Test::More::diag($text);
    }

    return;
}


sub check_raw {
    my ($block, $name) = @_;
    my $all = join '', @responses;

    if (defined(my $like = expand($block->raw_response_like))) {
        chomp $like;
        Test::More::like($all, qr/$like/s, "$name - raw_response_like");
    }

    if (defined(my $unlike = expand($block->raw_response_unlike))) {
        chomp $unlike;
        Test::More::unlike($all, qr/$unlike/s, "$name - raw_response_unlike");
    }

    return;
}


END {
    if ($$ == $owner && !$Test::Nginx::Util::InSubprocess) {
        my $status = $?;

        if ($mock) {
            stop_nginx();
            my @complaints = (sanitizer_complaints(), $mock->complaints);
            Test::More::ok(!@complaints, 'nothing is left behind')
                or Test::More::diag(join "\n", @complaints);
            $mock->stop;
        }

        if ($ENV{AI_KEEP}) {
            Test::More::diag("kept: $dir");
        } else {
            remove_tree($dir);
        }

        $? = $status;
    }
}


1;
