#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A provider's error is told in the client's own dialect, whatever dialect the
# provider has.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use AIGateway::Translate;

my $models = '';

for my $wire (@AIGateway::Translate::wires) {
    $models .= "ai_model $wire-$_ { target $wire m~status=$_"
        . ($_ == 429 ? ',header=retry-after:7' : '') . "; retry 0; }\n"
        for 400, 401, 404, 429, 500, 529;
    $models .= "ai_model $wire-first { target $wire m~errevent=e0; "
        . "fallback $wire m; retry 1 backoff=1ms; }\n"
        . "ai_model $wire-pings { target $wire m~errevent=e0,pings=2; "
        . "fallback $wire m; retry 1 backoff=1ms; }\n";
}

my $e = AIGateway::Translate::engine(models => $models);

AIGateway::Translate::program($e, 'errors');
AIGateway::Translate::program($e, 'inband');
$e->done;
done_testing;
