package AIGateway::Certs;

# Copyright (C) The ngx_http_ai_gateway_module authors
# SPDX-License-Identifier: Apache-2.0

# Certificates for one test: an authority and what it has signed.
#
#   ca.pem
#   good.pem     good.key      mock.test, localhost, 127.0.0.1, ::1
#   other.pem    other.key     other.test: the wrong name for a mock
#   expired.pem  expired.key   the right names, of last year
#   self.pem     self.key      the right names, signed by nobody

use strict;
use warnings;

use POSIX ();

use AIGateway::Checks qw(spew);


my $names = 'DNS:mock.test,DNS:localhost,IP:127.0.0.1,IP:::1';


sub openssl {
    my ($dir, @args) = @_;

    system("cd $dir && openssl " . join(' ', map { quotemeta } @args)
        . ' >openssl.log 2>&1') == 0 or die "openssl @args: see $dir\n";
    return;
}


sub date {
    my ($days) = @_;

    return POSIX::strftime('%Y%m%d%H%M%SZ', gmtime time + $days * 86400);
}


sub make {
    my ($dir) = @_;
    my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);

    mkdir $dir;
    spew("$dir/ca.conf", <<"END");
[ca]
default_ca = test
[test]
database = $dir/index
new_certs_dir = $dir
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
END
    spew("$dir/index", '');

    openssl($dir, qw(req -x509 -subj /CN=test-ca -days 30), @key,
        qw(-keyout ca.key -out ca.pem));
    openssl($dir, qw(req -x509 -subj /CN=mock.test -days 30), @key, '-addext',
        "subjectAltName=$names", qw(-keyout self.key -out self.pem));

    for (['good', $names, -1, 30], ['other', 'DNS:other.test', -1, 30],
        ['expired', $names, -400, -35])
    {
        my ($name, $san, $from, $to) = @$_;

        openssl($dir, qw(req -new -subj), "/CN=$name", @key, '-addext',
            "subjectAltName=$san", '-keyout', "$name.key", '-out',
            "$name.csr");
        openssl($dir, qw(ca -batch -config ca.conf -cert ca.pem -keyfile),
            'ca.key', '-in', "$name.csr", '-out', "$name.pem", '-notext',
            '-startdate', date($from), '-enddate', date($to));
    }

    return $dir;
}


1;
