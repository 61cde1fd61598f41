package Lint::Calls;

# Calls that are not made here, calls made in few places, recursion.

use strict;
use warnings;

my %instead = (
    (map { $_ => 'ngx_cpymem or ngx_cpystrn' } qw(strcpy strcat strncpy strncat
                                                  stpcpy)),
    (map { $_ => 'ngx_snprintf' } qw(sprintf vsprintf)),
    (map { $_ => 'ngx_atoi and its kin' } qw(atoi atol atoll atof sscanf scanf
                                             strtol strtoul strtoll strtoull)),
    (map { $_ => 'a pool, ngx_alloc and ngx_free' } qw(malloc calloc realloc
                                                       free strdup strndup)),
    (map { $_ => 'ngx_random or RAND_bytes' } qw(rand srand random)),
    (map { $_ => 'a loop of your own' } qw(strtok strtok_r)),
    (map { $_ => 'a pool' } qw(alloca)),
    (map { $_ => 'nothing: it cannot be used safely' } qw(gets mktemp tmpnam
                                                           system popen
                                                           setjmp longjmp)),
);

my $banned = do { my $any = join '|', sort keys %instead;
                  qr/(?<![\w>.])($any)\s*\(/ };

# where a call is at home: a secret is opened where it is put into the head of a
# request to whom it is for, and where a request is signed with it
my %only_in = (
    ngx_ai_secret_copy => qr{^src/base/ngx_ai_secret\.[ch]$
                             | ^src/provider/ngx_ai_sigv4\.c$
                             | ^src/http/ngx_http_ai_(?:request|tunnel)\w*\.c$
                            }x,
);


sub check {
    my ($tree) = @_;
    my @found;

    for my $file ($tree->sources) {
        my @code = $tree->code($file);

        for my $i (0 .. $#code) {
            next if $code[$i] =~ /^\s*#\s*include/;

            push @found, [ $file, $i + 1, "$1(): use $instead{$1}" ]
                if $code[$i] =~ $banned;

            for my $name (sort keys %only_in) {
                push @found, [ $file, $i + 1, "$name() is not called here" ]
                    if $code[$i] =~ /\b$name\b/ && $file !~ $only_in{$name};
            }
        }

        push @found, map { [ $file, $_->{named},
                             "$_->{name}() calls itself" ] }
                     grep { recursive($_, @code) } $tree->functions($file);
    }

    return @found;
}


# What bytes from outside decide must not decide the depth of the stack

sub recursive {
    my ($function, @code) = @_;

    my $body = join "\n", @code[$function->{open} - 1 .. $function->{end} - 1];

    return $body =~ /(?<![\w>.])$function->{name}\s*\(/;
}

1;
