#!/usr/bin/perl

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Clients of every dialect before providers of every dialect: t/mock/pairs.js
# says what is compared.
#
#   CLIENTS=chat PROVIDERS=gemini prove -It/lib t/pairs.t :: calls

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use AIGateway::Pairs;

AIGateway::Pairs::run("$FindBin::Bin/mock/pairs.js", @ARGV);
done_testing;
