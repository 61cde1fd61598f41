package AIGateway::Translate;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# One gateway before a provider of each wire format, all of them the mock.
#
#   my $e = AIGateway::Translate::engine(models => <<'END');
#   ai_model ab { target anthropic m~status=529; fallback gemini m; }
#   END
#   AIGateway::Translate::program($e, 'errors');      # t/mock/translate.js
#
# A provider is named as its wire format is: chat, responses, anthropic,
# gemini, bedrock, cohere, ollama.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Spec;
use Test::More ();

use AIGateway::Engine;

# what a provider's url ends with
my %ends = (chat => '/v1', responses => '/v1', anthropic => '/v1',
    gemini => '/v1beta', bedrock => '', cohere => '/v2', ollama => '');

our @wires = sort keys %ends;

my $mock = File::Spec->rel2abs(dirname(__FILE__) . '/../../mock');


sub engine {
    my (%opt) = @_;
    my $more = $opt{provider} // '';
    my $providers = join '', map { my $type = $_ eq 'chat' ? 'together' : $_;
        "ai_provider $_ { type $type; key env:KEY; $more "
        . "url http://127.0.0.1:%%A%%$ends{$_}; }\n" } @wires;

    return AIGateway::Engine->new(http => "keepalive_requests 1000000;\n"
        . ($opt{http} // '') . $providers . ($opt{models} // ''),
        server => $opt{server}, location => $opt{location});
}


# Runs a part of the program; its tests are the caller's.
sub program {
    my ($e, @args) = @_;
    my ($plan, $seen) = (-1, 0);

    open my $out, '-|', $ENV{NODE} || 'node', "$mock/translate.js",
        "http://127.0.0.1:$e->{port}", 'http://127.0.0.1:'
        . $e->{mock}->port(0), "$e->{nginx}{dir}/engine.log", @args
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
        }
    }

    close $out;
    return Test::More::is($seen, $plan, "@args: ran to the end");
}


1;
