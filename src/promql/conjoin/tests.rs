//! Every quirk of the parser that a text could meet, and that nothing gets past.

use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds = Bounds {
    depth: 256,
    length: 64 << 10,
};

fn env() -> Vec<Matcher> {
    vec![Matcher::equal("env", "p")]
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let conjoined = conjoin(text, &env(), BOUNDS).map(|conjoined| conjoined.text.text);
    assert_eq!(conjoined.as_deref(), Ok(expected));
}

#[track_caller]
fn refused(text: &str, expected: ConjoinError) {
    assert_eq!(conjoin(text, &env(), BOUNDS), Err(expected), "{text}");
}

#[test]
fn every_selector_gets_the_matchers() {
    check(
        r#"sum(up) / count(up{job="x"})"#,
        r#"sum(up{env="p"}) / count(up{job="x",env="p"})"#,
    );
    check("rate(a[5m])", r#"rate(a{env="p"}[5m])"#);
    check(
        "max_over_time(sum(rate(a[5m]))[1h:1m] offset 5m)",
        r#"max_over_time(sum(rate(a{env="p"}[5m]))[1h:1m] offset 5m)"#,
    );
    check(
        "a unless on (x) -b ^ c",
        r#"a{env="p"} unless on (x) -b{env="p"} ^ c{env="p"}"#,
    );
    check(
        r#"label_replace(a, "x", "$1", "y", "(.*)")"#,
        r#"label_replace(a{env="p"}, "x", "$1", "y", "(.*)")"#,
    );
    check("{a=\"b\"}", r#"{a="b",env="p"}"#);
}

#[test]
fn each_alternative_inside_braces_gets_the_matchers() {
    check(
        r#"{a="1",b="2" or c="3"}"#,
        r#"{a="1",b="2",env="p" or c="3",env="p"}"#,
    );
    check(
        r#"up{a="1" or c="3"}"#,
        r#"{__name__="up",a="1",env="p" or __name__="up",c="3",env="p"}"#,
    );
}

#[test]
fn a_matcher_on_the_same_label_is_added_not_replaced() {
    check(r#"up{env="q"}"#, r#"up{env="q",env="p"}"#);
    check(r#"up{env!~"q|r"}"#, r#"up{env!~"q|r",env="p"}"#);
}

#[test]
fn offsets_and_instants_stay() {
    check("a offset -5m", r#"a{env="p"} offset -5m"#);
    check(
        "a[1h] @ start() offset 1d",
        r#"a{env="p"}[1h] @ start() offset 1d"#,
    );
    check("a offset 1d @ end()", r#"a{env="p"} @ end() offset 1d"#);
    check("a @ 1700000000.001", r#"a{env="p"} @ 1700000000.001"#);
    check("a @ -5", r#"a{env="p"} @ -5.000"#);
    check("sum(a)[1h:] @ 5", r#"sum(a{env="p"})[1h:] @ 5.000"#);
    check("a[400d]", r#"a{env="p"}[400d]"#);
}

#[test]
fn modifiers_stay_and_empty_ones_that_say_nothing_go() {
    check("sum by () (a)", r#"sum(a{env="p"})"#);
    check("sum without () (a)", r#"sum without () (a{env="p"})"#);
    check("sum(a) by (x, on)", r#"sum by (x, on) (a{env="p"})"#);
    check("topk(3, a)", r#"topk(3, a{env="p"})"#);
    check("a > bool 1", r#"a{env="p"} > bool 1"#);
    check("a and on () b", r#"a{env="p"} and on () b{env="p"}"#);
    check("a + ignoring () b", r#"a{env="p"} + b{env="p"}"#);
    check(
        "a * on (x, y) group_left (z) b",
        r#"a{env="p"} * on (x, y) group_left (z) b{env="p"}"#,
    );
    check(
        "a * ignoring () group_right b",
        r#"a{env="p"} * ignoring () group_right () b{env="p"}"#,
    );
    check(
        r#"sum by ("http.status", "inf") (a)"#,
        r#"sum by ("http.status", "inf") (a{env="p"})"#,
    );
    check(
        "a + fill (0) b",
        r#"a{env="p"} + fill_left (0) fill_right (0) b{env="p"}"#,
    );
}

#[test]
fn parentheses_and_signs_keep_the_order_of_operations() {
    check("(a + b) * c", r#"(a{env="p"} + b{env="p"}) * c{env="p"}"#);
    check("a ^ b ^ c", r#"a{env="p"} ^ b{env="p"} ^ c{env="p"}"#);
    check("(a ^ b) ^ c", r#"(a{env="p"} ^ b{env="p"}) ^ c{env="p"}"#);
    check("-a ^ 2", r#"-a{env="p"} ^ 2"#);
    check("(-a) ^ 2", r#"(-a{env="p"}) ^ 2"#);
    check("- 1 ^ 2 + a", r#"-1 ^ 2 + a{env="p"}"#);
    check("a - -1", r#"a{env="p"} - -1"#);
    check("-(-a)", r#"-(-a{env="p"})"#);
    check("--a", r#"--a{env="p"}"#);
}

#[test]
fn numbers_keep_their_value() {
    check("a * 0x1F", r#"a{env="p"} * 31"#);
    check("a * 1e-9", r#"a{env="p"} * 0.000000001"#);
    check("a * 1.5e300", r#"a{env="p"} * 1.5e300"#);
    check("a + Inf + -INF + NaN", r#"a{env="p"} + Inf + -Inf + NaN"#);
    check("a > 5m", r#"a{env="p"} > 300"#);
}

#[test]
fn strings_are_printed_with_our_escapes() {
    check("a{b='\"'}", r#"a{b="\"",env="p"}"#);
    check(r"a{b=~`\d+`}", r#"a{b=~"\\d+",env="p"}"#);
    check("a{b=\"\\x00\u{fffd}\"}", r#"a{b="\x00\ufffd",env="p"}"#);
    check(r#"a{b="\xc3\xa9"}"#, r#"a{b="é",env="p"}"#);
    // A regular expression of Go that Rust does not know.
    check(r#"a{b=~"\\Qx\\E"}"#, r#"a{b=~"\\Qx\\E",env="p"}"#);
}

#[test]
fn names_that_are_no_plain_identifiers_are_printed_as_matchers() {
    check(
        r#"{"http.requests"}"#,
        r#"{__name__="http.requests",env="p"}"#,
    );
    check(r#"{"up", a="b"}"#, r#"up{a="b",env="p"}"#);
    check(r#"{__name__="up"}"#, r#"up{env="p"}"#);
    check(
        r#"{__name__="up",__name__!="x"}"#,
        r#"{__name__="up",__name__!="x",env="p"}"#,
    );
    check("job:up:rate5m", r#"job:up:rate5m{env="p"}"#);
    check("sum{a=\"b\"}", r#"{__name__="sum",a="b",env="p"}"#);
    check("sum(sum)", r#"sum({__name__="sum",env="p"})"#);
    check(
        r#"a{"http.status"="200"}"#,
        r#"a{"http.status"="200",env="p"}"#,
    );
}

#[test]
fn comments_and_line_breaks_do_not_hide_a_selector() {
    check("sum( # all of \"it\n a\n)", r#"sum(a{env="p"})"#);
    check(r#"a{b="}"} # {"#, r#"a{b="}",env="p"}"#);
}

#[test]
fn a_text_without_selectors_goes_out_as_it_is() {
    for text in ["time()", "vector( 1 )", "1+1", "\"text\""] {
        check(text, text);
    }
}

#[test]
fn what_does_not_parse_is_refused() {
    for text in [
        "up{",
        "up) or vector(1",
        "rate(a)",
        "histogram_share(0.5, a)",
        "a[5m] keep_metric_names",
        "WITH (x = 1) x",
        "{}",
        "a{b=\"\\xff\"}",
        "a[1e99]",
        "a offset Inf",
        "",
    ] {
        refused(text, ConjoinError::DoesNotParse);
    }
}

#[test]
fn what_cannot_be_printed_back_is_refused() {
    // Finer than a millisecond.
    refused("a[0.0015]", ConjoinError::CannotPrint);
}

#[test]
fn depth_is_bounded_before_anything_recursive_runs() {
    refused(&"(".repeat(30_000), ConjoinError::TooDeep);
    refused(&"a+".repeat(16_000), ConjoinError::TooDeep);
    refused(&"-".repeat(30_000), ConjoinError::TooDeep);
    refused(
        &["a", &"[1m:]".repeat(6_000)].concat(),
        ConjoinError::TooDeep,
    );
    let deep = ["(".repeat(256), "a".to_owned(), ")".repeat(256)].concat();
    assert!(conjoin(&deep, &[], BOUNDS).is_ok());
    // As deep as anything gets, on the stack of a test thread.
    for call in ["abs(", "sum(", "-("] {
        let deep = [call.repeat(128), "a".to_owned(), ")".repeat(128)].concat();
        assert!(conjoin(&deep, &[], BOUNDS).is_ok(), "{call}");
    }
    let chain = ["a", &"+a".repeat(256)].concat();
    assert!(conjoin(&chain, &[], BOUNDS).is_ok());
}

#[test]
fn length_is_bounded_before_the_text_grows() {
    let matcher = Matcher::equal("x", "y".repeat(8 << 10));
    let text = ["a", &"+a".repeat(200)].concat();
    assert!(matches!(
        conjoin(&text, &[matcher], BOUNDS),
        Err(ConjoinError::TooLong(length)) if length > 1 << 20
    ));
}

#[test]
fn selectors_are_listed_once_without_ranges() {
    let listed = selectors("rate(a[5m] offset 1h) + a + b{c=\"d\"} @ 5", BOUNDS);
    let listed: Vec<&str> = listed.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(listed, ["a", "b{c=\"d\"}"]);
    assert!(selectors("a +", BOUNDS).is_empty());
    assert!(selectors("vector(1)", BOUNDS).is_empty());
}

#[test]
fn a_text_bound_to_its_range_is_known_also_when_it_does_not_parse() {
    assert!(is_bound_to_range("up @ start()"));
    assert!(is_bound_to_range("(up @ end()"));
    assert!(is_bound_to_range("up{a=\"unterminated"));
    assert!(!is_bound_to_range("up{start=\"end()\"}"));
}

/// Words of the language in no order, most of them no query.
fn soup() -> impl Strategy<Value = String> {
    let words = [
        "a",
        "sum",
        "by",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "5m",
        "1e99",
        "0x",
        "9999999999ms",
        "Inf",
        "nan",
        "offset",
        "@",
        "start",
        "end",
        "()",
        "-",
        "+",
        "^",
        "==",
        "=~",
        "!",
        "or",
        "and",
        "on",
        "group_left",
        "bool",
        "fill",
        "\"b\"",
        "'c'",
        "`d`",
        "\\",
        "\"",
        "`",
        "#",
        "\n",
        "é",
        " ",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..24)
        .prop_map(|words| words.concat())
}

/// Queries that parse.
fn query() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "up",
        "job:up:rate5m",
        "up{a=\"\\x00\",b!~`\\d+`}",
        "{__name__=~\"a|b\"}",
        "{\"http.requests\"}",
        "{a=\"1\" or b=\"2\",c=\"3\"}",
        "rate(up[5m] offset -1h)",
        "up @ end()",
        "sum_over_time(up[1h:1m] @ 5)",
        "up * -0x1F",
        "vector(1)",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 2, |inner| {
        let operator = proptest::sample::select(vec![
            "+",
            "- ",
            "^",
            "/ on (a) group_left (b)",
            "and ignoring (a)",
            "or",
            "> bool",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
            inner
                .clone()
                .prop_map(|inner| format!("sum by (x) ({inner})")),
            inner
                .clone()
                .prop_map(|inner| format!("abs({inner}) # c\n")),
            inner.prop_map(|inner| format!("-({inner})")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![soup(), any::<String>()]) {
        let _ = conjoin(&text, &env(), BOUNDS);
        let _ = is_bound_to_range(&text);
    }

    #[test]
    fn every_selector_of_the_result_holds_what_it_held_and_the_matchers(text in query()) {
        let mut before = parse(&text, BOUNDS.depth).expect("parses");
        let conjoined = conjoin(&text, &env(), BOUNDS).expect("printable");
        let mut after = parse(&conjoined.text.text, BOUNDS.depth).expect("parses");
        let mut expected = Vec::new();
        before.selectors_mut(&mut |selector| {
            for alternative in &mut selector.alternatives {
                alternative.extend(env());
            }
            expected.push(selector.clone());
        });
        let mut found = Vec::new();
        after.selectors_mut(&mut |selector| found.push(selector.clone()));
        prop_assert_eq!(found, expected);
    }
}
