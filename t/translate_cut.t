#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# A stream in other words that breaks off never looks like one that ended.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use AIGateway::Translate;

my $e = AIGateway::Translate::engine();

AIGateway::Translate::program($e, 'cuts');
$e->done;
done_testing;
