package AIGateway::Pairs;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# One gateway with a provider of each dialect, all of them the mock, and a
# program of node's that goes through it and says TAP.
#
#   my $total = AIGateway::Pairs::run('t/mock/pairs.js', @arguments);
#
# The program gets the URLs of the gateway and of the mock as its first two
# arguments. A provider is named as its type is.

use strict;
use warnings;

use Test::More ();

use AIGateway::Checks qw(canary free_port);
use AIGateway::Mock;
use Nginx;

# what a provider's url ends with, if that is not "/v1"
my %ends = (gemini => '/v1beta', bedrock => '', cohere => '/v2', ollama => '');

our @types = qw(openai responses anthropic gemini bedrock cohere ollama
    cerebras mistral perplexity together xai);


sub conf {
    my ($port, $mock) = @_;
    my $providers = join '', map { my $end = $ends{$_} // '/v1';
        "ai_provider $_ { type $_; url http://127.0.0.1:$mock$end; "
        . "key env:PAIRS_KEY; }\n" } @types;

    return <<"END";
ai_zone pairs 4m;
client_max_body_size 100m;
client_body_buffer_size 128k;
keepalive_requests 100000;
$providers
server {
    listen 127.0.0.1:$port;
    location / { ai_gateway on; ai_auth none; }
}
END
}


# All of the program's tests are this one's, and the ending is one more.
sub run {
    my ($program, @args) = @_;
    my $port = free_port();

    $ENV{PAIRS_KEY} = canary('the provider key');

    my $mock = AIGateway::Mock->start(args => ['--bodies', '--require-key',
        $ENV{PAIRS_KEY}]);
    my $n = Nginx->new(mock => $mock, workers => 2, connections => 2048,
        main => "env PAIRS_KEY;\n", http => conf($port, $mock->port));
    my ($failed, $plan, $seen) = (0, undef, 0);

    $n->start;

    open my $out, '-|', $ENV{NODE} || 'node', $program,
        "http://127.0.0.1:$port", 'http://127.0.0.1:' . $mock->port, @args
        or die "node: $!\n";

    while (my $line = <$out>) {
        chomp $line;

        if ($line =~ /^(not )?ok \d+ - (.*)/) {
            Test::More::ok(!$1, $2);
            $seen++;
        } elsif ($line =~ /^1\.\.(\d+)/) {
            $plan = $1;
        } elsif ($line =~ /^# ?(.*)/) {
            Test::More::diag($1);
        } else {
            Test::More::note($line);
        }
    }

    close $out;
    Test::More::ok(defined $plan && $plan == $seen,
        "$program ran to its end");
    return $n->done;
}


1;
