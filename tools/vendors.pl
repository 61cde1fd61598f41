#!/usr/bin/perl

# The provider table, src/provider/ngx_ai_vendors.c, for those who do not speak
# C.
#
#   tools/vendors.pl --env            "name ENV" for each vendor with a URL that
#                                     is the same for all its customers, and a
#                                     customary environment variable
#   tools/vendors.pl --readme FILE    writes it into FILE, between the lines
#                                     "<!-- vendors -->" and
#                                     "<!-- end of vendors -->"

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

use lib dirname(abs_path($0));
use Lint::Tables qw(vendors);

my ($verb, $file) = (@ARGV, '');

my @vendors = vendors(dirname(dirname(abs_path($0))));

if ($verb eq '--env') {
    print "$_->{name} $_->{env}\n"
        for grep { $_->{url} && $_->{env} && $_->{url} !~ /\{/ } @vendors;

} elsif ($verb eq '--readme' && $file) {
    write_readme($file);

} else {
    die "usage: tools/vendors.pl --env | --readme FILE\n";
}


sub table {
    my @rows = ('| provider | vendor | base URL | key, by custom |',
                '|---|---|---|---|');

    for (@vendors) {
        push @rows, sprintf '| `%s` | %s | %s | %s |', $_->{name}, $_->{title},
            $_->{url} ? "`$_->{url}`" : 'yours: `url`',
            $_->{env} ? "`$_->{env}`" : '';
    }

    return join("\n", @rows) . "\n";
}


sub write_readme {
    my ($name) = @_;

    open my $in, '<', $name or die "$name: $!\n";
    my $text = do { local $/; <$in> };
    my $table = table();

    $text =~ s{(<!-- vendors -->\n).*?(<!-- end of vendors -->)}
              {$1\n$table\n$2}s
        or die "$name: no <!-- vendors --> ... <!-- end of vendors -->\n";

    open my $out, '>', $name or die "$name: $!\n";
    print $out $text;
    close $out or die "$name: $!\n";
}
