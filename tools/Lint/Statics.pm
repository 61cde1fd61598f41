package Lint::Statics;

# No state outside the cycle: data with static storage is const.

use strict;
use warnings;

# nginx takes these by pointers that are not const
my $nginx = qr/\b(?:ngx_command_t|ngx_module_t|ngx_http_module_t|ngx_conf_enum_t
                  |ngx_conf_bitmask_t|ngx_conf_post_t|ngx_http_variable_t
                  |ngx_conf_deprecated_t|ngx_path_init_t|ngx_conf_num_bounds_t)
               \b/x;

# So are strings, of the floors that hand them to nginx
my $string = qr/\bngx_str_t\b/;

# How nginx chains its filters
my $chain = qr/^ngx_http_next_(?:header|body)_filter$/;


sub check {
    my ($tree) = @_;
    my @found;

    for my $file ($tree->sources) {
        my @code = $tree->code($file);
        my $depth = 0;

        for my $i (0 .. $#code) {
            my $line = $code[$i];

            if ($line !~ /^\s*#/) {
                my $name = $depth ? inner($line) : outer($line);

                push @found, [ $file, $i + 1,
                               "$name is data that can change" ]
                    if defined $name && $name !~ $chain
                       && ($tree->is_pure($file) || $line !~ $string);

                $depth += ($line =~ tr/{//) - ($line =~ tr/}//);
            }
        }
    }

    return @found;
}


sub inner {
    my ($line) = @_;

    return $1 if $line =~ /^\s+static\s+(?!.*\bconst\b).*?(\w+)\s*[\[=;,]/;
    return;
}


sub outer {
    my ($line) = @_;

    return if $line !~ /^[a-z]/ || $line =~ /\bconst\b/ || $line =~ $nginx
              || $line =~ /^(?:typedef|extern|struct\s+\w+\s*[{;]|enum|union)\b/
              || $line =~ /^static inline\b/;

    return $1 if $line =~ /^[\w\s]+[\s*](\w+)\s*(?:\[[^\]]*\]\s*)*(?:=|;)/;
    return;
}

1;
