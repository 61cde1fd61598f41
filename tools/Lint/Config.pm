package Lint::Config;

# nginx's configure does not glob: "config" and the tree name the same files.

use strict;
use warnings;


sub check {
    my ($tree) = @_;
    my @found;

    return [ 'config', 1, 'there is no such file' ]
        if !$tree->files(qr/^config$/);

    my @lines = $tree->lines('config');
    my %listed;

    for my $i (0 .. $#lines) {
        next if $lines[$i] =~ /^\s*#/;

        while ($lines[$i] =~ m{\$(ai_src|ngx_addon_dir)/(\S+\.[ch])\b}g) {
            my $file = $1 eq 'ai_src' ? "src/$2" : $2;

            push @found, [ 'config', $i + 1, "$file is named twice" ]
                if $listed{$file};

            $listed{$file} = $i + 1;
        }
    }

    my %real = map { $_ => 1 } $tree->sources;

    push @found, map { [ 'config', $listed{$_}, "$_ is named, and not there" ] }
                 grep { !$real{$_} } sort keys %listed;

    push @found, map { [ $_, 1, 'is not named in config' ] }
                 grep { !$listed{$_} } sort keys %real;

    return @found;
}

1;
