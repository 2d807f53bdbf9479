# Random commands against a twin that keeps plain lists (tests/model). SEED repeats a run.
setup() {
    MODEL=$BATS_TEST_DIRNAME/../model/model.py
    export PYTHONDONTWRITEBYTECODE=1
}

@test "random commands: every answer as a ledger of plain lists has it" {
    SEQUENCES=${SEQUENCES:-60} SECONDS_MAX=${SECONDS_MAX:-15} run "$MODEL"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "a mistake in those lists is found, and comes down to a few commands" {
    [[ $DAYBOOK != */sanitize/* ]] || skip "it is the lists that are tested: the plain build does, and is faster"
    run "$MODEL" --canary
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"daybook --actor"*" reopen "* || $output == *'"type": "order.reopened"'* ]]
}
