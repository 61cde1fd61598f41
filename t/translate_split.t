#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# The pieces that a stream comes in do not show in its translation.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use AIGateway::Translate;

my $e = AIGateway::Translate::engine();

AIGateway::Translate::program($e, 'splits');
$e->done;
done_testing;
