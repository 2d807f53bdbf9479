#!/usr/bin/env bats
# Customers, products and own fields: what they are called, and what a change of names does to orders.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    daybook init --timezone UTC >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

# The command is refused with that exit status and, for 1, that code.
refuse() {
    local wanted=$1 code=$2 status=0 stdout stderr
    shift 2
    stdout=$(daybook --format json "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
    stderr=$(<"$BATS_TEST_TMPDIR/stderr")
    if [ "$status" -ne "$wanted" ] || [ -n "$stdout" ] ||
        { [ "$wanted" -ne 2 ] && [[ $(tail -n 1 <<<"$stderr") != '{"error":{"code":"'"$code"'",'* ]]; }; then
        echo "status $status, not $wanted $code: $stdout $stderr"
        return 1
    fi
}

# The order as one line of JSON holds that text: an amendment of nothing but a note shows it.
order_has() {
    local shown
    shown=$(daybook --format jsonl note "$1" look)
    if [[ $shown != *"$2"* ]]; then
        echo "$shown has no $2"
        return 1
    fi
}

@test "customers are one whatever the case and width of their letters" {
    daybook create --customer 'Acme  Ltd' --item P-1:1
    daybook create --customer 'ＡＣＭＥ ltd' --item p-1:1
    local products='{"products":[{"ordinal":1,"code":"P-1","name":null}],"total":1}'
    [ "$(daybook --format json customers | tr -d '\n')" = '{"customers":[{"ordinal":1,"name":"Acme  Ltd"}],"total":1}' ]
    [ "$(daybook --format json products | tr -d '\n')" = "$products" ]
}

@test "lists in a ledger without any" {
    [ "$(daybook --format json customers | tr -d '\n')" = '{"customers":[],"total":0}' ]
    [ "$(daybook --format json field list | tr -d '\n')" = '{"fields":[],"total":0}' ]
    [ -z "$(daybook --format jsonl products)" ]
}

@test "a renamed customer: orders follow, the old name goes on finding it" {
    daybook create --customer ACME --item P-1:1
    daybook rename customer acme 'ACME Holding'
    order_has SO-000001 '"customer":"ACME Holding"'
    daybook create --customer ACME --item P-1:1
    order_has SO-000002 '"customer":"ACME Holding"'
    [ "$(daybook --format jsonl customers)" = '{"ordinal":1,"name":"ACME Holding"}' ]
}

@test "renaming is refused where the name is another's, or unknown" {
    daybook create --customer ACME --item P-1:1
    daybook create --customer Globex --item P-2:1
    refuse 1 already-exists rename customer ACME globex
    refuse 1 not-found rename customer Nobody X
    refuse 1 bad-value rename customer ACME '  '
    refuse 1 already-exists rename product P-1 p-2
    refuse 1 not-found rename product P-9 P-10
    daybook rename customer ACME acme
    [ "$(daybook --format jsonl customers | head -n 1)" = '{"ordinal":1,"name":"acme"}' ]
}

@test "a renamed product: code and name" {
    daybook create --customer ACME --item P-1:1:Bolt
    daybook --format json rename product P-1 P-100 --name 'Hexagon bolt' | grep -q '"type": "product.renamed"'
    order_has SO-000001 '"code":"P-100","name":"Hexagon bolt"'
    daybook ship SO-000001 --item P-1:1
    order_has SO-000001 '"status":"shipped"'
}

@test "the name of a line wins over the product's" {
    daybook create --customer ACME --item P-1:1:Bolt
    daybook create --customer ACME --item 'P-1:1:Bolt, black'
    daybook rename product P-1 P-1 --name Screw
    order_has SO-000001 '"name":"Screw"'
    order_has SO-000002 '"name":"Bolt, black"'
}

@test "merged customers are one" {
    daybook create --customer ACME --item P-1:1
    daybook create --customer Acme-Co --item P-1:1
    daybook create --customer Akme --item P-1:1
    daybook merge customer Acme-Co ACME
    daybook merge customer ACME Akme
    order_has SO-000001 '"customer":"Akme"'
    order_has SO-000002 '"customer":"Akme"'
    [ "$(daybook --format jsonl customers)" = '{"ordinal":3,"name":"Akme"}' ]
    refuse 1 bad-value merge customer Acme-Co Akme
    refuse 1 bad-value merge customer Akme Akme
    refuse 1 not-found merge customer Nobody Akme
    refuse 1 not-found merge customer Akme Nobody
}

@test "own fields: kinds and choices" {
    daybook field add colour --kind choice --choices 'red,blue，绿色、x'
    daybook field add weight --kind number
    daybook field add checked --kind date
    daybook field add remark --kind text
    daybook field add batch --kind text --public
    daybook create --customer ACME --item P-1:1 --field colour=绿色 --field weight=1.50 --field checked=2024-02-29 \
        --field 'remark=a=b' --field batch=7
    order_has SO-000001 '"fields":{"colour":"绿色","weight":"1.5","checked":"2024-02-29","remark":"a=b","batch":"7"}'
    refuse 1 bad-value create --customer ACME --item P-1:1 --field colour=green
    refuse 1 bad-value create --customer ACME --item P-1:1 --field weight=heavy
    refuse 1 bad-value create --customer ACME --item P-1:1 --field weight=1e400
    refuse 1 bad-value create --customer ACME --item P-1:1 --field checked=2025-02-29
    refuse 2 usage create --customer ACME --item P-1:1 --field colour
    refuse 2 usage create --customer ACME --item P-1:1 --field =red
    [ "$(daybook --format csv field list | sed -n '2s/\r//p')" = 'colour,choice,false,false,"red, blue, 绿色, x"' ]
}

@test "a field that is not defined is refused, and names the command that defines it" {
    refuse 1 not-found create --customer ACME --item P-1:1 --field shade=dark
    run daybook create --customer ACME --item P-1:1 --field shade=dark
    [[ $output == *'daybook field add shade'* ]]
    [ -z "$(daybook --format jsonl field list)" ]
    [ -z "$(daybook --format jsonl customers)" ]
}

@test "required fields" {
    daybook create --customer ACME --item P-1:1
    daybook field add colour --kind text --required
    refuse 1 bad-value create --customer ACME --item P-1:1
    refuse 1 bad-value create --customer ACME --item P-1:1 --field colour=
    daybook create --customer ACME --item P-1:1 --field COLOUR=red
    refuse 1 bad-value amend SO-000002 --field colour=
    daybook ship SO-000001
}

@test "an empty value clears a field" {
    daybook field add colour --kind text
    daybook create --customer ACME --item P-1:1 --field colour=red
    daybook amend SO-000001 --field colour=
    order_has SO-000001 '"notes":[{"text":"look","kind":"general"'
    order_has SO-000001 '"fields":{},"version"'
}

@test "defining a field: what is refused" {
    refuse 2 usage field add colour
    refuse 2 usage field add colour --kind colour
    refuse 2 usage field add colour --kind choice
    refuse 2 usage field add colour --kind choice --choices ' , '
    refuse 2 usage field add colour --kind text --choices a,b
    refuse 2 usage field add colour --kind choice --choices "$(seq -s , 201)"
    daybook field add colour --kind choice --choices "$(seq -s , 200)"
    refuse 1 already-exists field add Colour --kind text
    refuse 1 bad-value field add ' ' --kind text
}
