package Lint::Tree;

# The files of a checkout, read once, and C seen as nginx writes it.

use strict;
use warnings;

use File::Find qw(find);
use List::Util qw(min);

# floors, lowest first; the pure ones do no I/O
our @FLOORS = qw(base chat dialect provider policy store http);
our @PURE = @FLOORS[0 .. 4];


# Every file git knows or would add; without git, every file.

sub new {
    my ($class, $root) = @_;

    my @files;

    @files = split /\0/, `git -C '$root' ls-files -coz --exclude-standard`
        if -e "$root/.git";
    @files = all_files($root) if !@files;

    my $self = bless { root => $root, text => {}, c => {} }, $class;

    $self->{files} = [ sort grep { -f "$root/$_" } @files ];

    die "no files in $root\n" if !@{ $self->{files} };

    return $self;
}


sub all_files {
    my ($root) = @_;
    my @files;

    find({ no_chdir => 1, wanted => sub {
        my $file = substr($_, min(length, length($root) + 1));

        $File::Find::prune = $file =~ m{^(?:build|\.git|.*/node_modules)$};
        push @files, $file if -f && !$File::Find::prune;
    } }, $root);

    return @files;
}


sub files {
    my ($self, $pattern) = @_;

    return grep { !defined $pattern || $_ =~ $pattern } @{ $self->{files} };
}


sub text {
    my ($self, $file) = @_;

    return $self->{text}{$file} //= do {
        open my $in, '<:raw', "$self->{root}/$file" or die "$file: $!\n";
        local $/;
        <$in> // '';
    };
}


sub lines {
    my ($self, $file) = @_;

    return split /\n/, $self->text($file), -1;
}


# C and headers, without the tests' own
sub sources {
    return $_[0]->files(qr{^(?:src/.+|ngx_[^/]+)\.[ch]$});
}


sub floor {
    my ($self, $file) = @_;

    return $file =~ m{^src/([^/]+)/} ? $1 : undef;
}


sub is_pure {
    my ($self, $file) = @_;

    my $floor = $self->floor($file) // '';

    return scalar grep { $_ eq $floor } @PURE;
}


# The code of a C file as lines: what is in comments and strings is blanked,
# each line keeps its length, so that columns and line numbers hold.

sub code {
    my ($self, $file) = @_;

    return @{ $self->{c}{$file} //= [ blank($self->text($file)) ] };
}


sub blank {
    my ($text) = @_;

    $text =~ s{( /\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*"
               | '(?:\\.|[^'\\\n])*' )}
              { blanked($1) }gsex;

    return split /\n/, $text, -1;
}


sub blanked {
    my ($piece) = @_;

    return $piece =~ s/[^\n]/ /gr if $piece =~ m{^/};

    my $quote = substr($piece, 0, 1);

    return $quote . '_' x (length($piece) - 2) . $quote;
}


# The functions defined in a C file, found by nginx's own layout: a lone "{" in
# the first column opens one and a "}" there ends it.  Line numbers from 1;
# "first" is the line of the return type.

sub functions {
    my ($self, $file) = @_;

    my @code = $self->code($file);
    my @found;

    for (my $i = 0; $i < @code; $i++) {
        next if $code[$i] !~ /^\{\s*$/;

        my $top = $i;
        $top-- while $top > 0 && $code[$top - 1] =~ /\S/
                     && $code[$top - 1] !~ /^[#}]|[;{]\s*$/;

        my $end = $i;
        $end++ while $end < $#code && $code[$end] !~ /^\}/;

        my $head = join ' ', @code[$top .. $i - 1];

        if ($head =~ /(\w+)\s*\(/) {
            my $name = $1;
            my ($named) = grep { $code[$_] =~ /\b$name\s*\(/ } $top .. $i - 1;

            push @found, {
                name => $name, static => scalar($head =~ /^static\b/),
                inline => scalar($head =~ /\binline\b|\bngx_inline\b/),
                first => $top + 1, named => $named + 1,
                open => $i + 1, end => $end + 1,
            };
        }

        $i = $end;
    }

    return @found;
}

1;
