package Lint::Tables;

# The tables that users see: directives, variables, vendors.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(directives variables vendors);

my $string = qr/ngx_string\("([^"]*)"\)/;
my $text = qr/(?:$string|ngx_null_string)/;


sub slurp {
    my ($file) = @_;

    open my $in, '<', $file or return '';
    local $/;

    return <$in> // '';
}


# Rows of every "ngx_command_t x[]", those of blocks such as ai_provider too

sub directives {
    my ($root) = @_;
    my %names;

    for my $file (glob("$root/*.c $root/src/*/*.c")) {
        my $source = slurp($file);

        while ($source =~ /ngx_command_t\s+\w+\[\]\s*=\s*\{(.*?)^\};/gms) {
            my $rows = $1;
            $names{$1} = 1 while $rows =~ /\{\s*$string\s*,/g;
        }
    }

    return sort keys %names;
}


sub variables {
    my ($root) = @_;
    my %names;

    my $source = slurp("$root/src/http/ngx_http_ai_variables.c");

    $names{$1} = 1 while $source =~ /\{\s*ngx_string\("(ai_[^"]*)"\)/g;

    return sort keys %names;
}


# In the order of the table

sub vendors {
    my ($root) = @_;
    my @rows;

    my $source = slurp("$root/src/provider/ngx_ai_vendors.c");

    # a literal may go on in the next line
    $source =~ s/"\s*\n\s*"//g;

    while ($source =~ /\{\s*$string,\s*$text,\s*$text,\s*$text,/g) {
        push @rows, { name => $1, title => $2 // '', url => $3 // '',
                      env => $4 // '' };
    }

    return @rows;
}

1;
