# Short names for what one types all day. Each is one command; the scripts do the work.

# every check, as CI runs it
test:
    ./test.sh

# what needs neither a backend nor a release build
fast:
    ./test.sh --fast

# a real Prometheus and the mirror, until Ctrl-C
run:
    ./quickstart.sh

# rewrites the golden folders; review the diff
golden:
    UPDATE_GOLDEN=1 cargo test --locked --test it golden

# licences, duplicates, sources
deny:
    ./test.sh --only deny

# every fuzz target for so many seconds; nightly 240, before a release 3600
fuzz seconds="10" *targets:
    scripts/fuzz.sh {{seconds}} {{targets}}

# breaks the checks that security rests on, one at a time, to see a test fail; all of them take an hour or more
mutants *options:
    scripts/mutants.sh {{options}}

# the goals of docs/performance.md, side by side with nginx; an hour, or --quick
bench *options:
    bench/run.sh {{options}}

# instructions of a replay against bench/baseline.json; --rebase writes it
gate *options:
    bench/gate.sh {{options}}
