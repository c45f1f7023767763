//! The rules of the first pass, each with what breaks it.

use proptest::prelude::*;

use super::*;
use crate::protocol::tests::tree::Tree;

#[track_caller]
fn refused_at(body: impl AsRef<[u8]>, line: usize, column: usize) {
    assert_eq!(
        scan(body.as_ref()),
        Err(DecodeError::Syntax { line, column })
    );
}

#[track_caller]
fn accepted(body: &str) {
    assert_eq!(scan(body.as_bytes()), Ok(body));
}

fn is_refused(body: impl AsRef<[u8]>) -> bool {
    scan(body.as_ref()).is_err()
}

#[test]
fn a_byte_order_mark_is_skipped_once() {
    assert_eq!(scan(b"\xef\xbb\xbf{}"), Ok("{}"));
    refused_at(b"\xef\xbb\xbf\xef\xbb\xbf{}", 1, 1);
    refused_at(b"{}\xef\xbb\xbf", 1, 3);
    // UTF-16 is not UTF-8.
    refused_at(b"\xff\xfe{\0}\0", 1, 1);
}

#[test]
fn text_that_is_not_utf_8_is_refused_where_it_is() {
    refused_at(b"{\n \"a\": \"\xc3(\"}", 2, 8);
    // An encoded surrogate.
    assert!(is_refused(b"\"\xed\xa0\x80\""));
}

#[test]
fn half_a_character_is_refused() {
    accepted(r#""\ud83d\ude00""#);
    for half in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83dx""#,
        r#"{"\ud83d": 1}"#,
    ] {
        assert!(is_refused(half), "{half}");
    }
}

#[test]
fn a_key_twice_in_one_object_is_refused_where_the_second_ends() {
    refused_at("{\"a\": 1,\n \"b\": 2, \"a\": 3}", 2, 12);
    accepted(r#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}"#);
    accepted(r#"{"a": 1, "A": 2}"#);
    for twice in [
        r#"[{"x": {"a": 1, "b": 1, "a": 1}}]"#,
        r#"{"": 1, "": 2}"#,
        r#"{"a": 1, "\u0061": 2}"#,
        r#"{"é": 1, "\u00e9": 2}"#,
        r#"{"connectionDetails": {"url": "a", "url": "b"}}"#,
    ] {
        assert!(is_refused(twice), "{twice}");
    }
}

#[test]
fn thirty_two_levels_are_read_and_no_more() {
    let nested = |open: &str, close: &str, levels| {
        format!("{}{}", open.repeat(levels), close.repeat(levels))
    };
    accepted(&nested("[", "]", 32));
    // The place is right behind the bracket that was one too many.
    refused_at(nested("[", "]", 33), 1, 34);
    let object = |levels| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    accepted(&object(32));
    assert!(is_refused(object(33)));
}

#[test]
fn a_megabyte_of_brackets_is_refused_and_nothing_overflows() {
    assert!(is_refused("[".repeat(1 << 20)));
    assert!(is_refused(r#"{"a":"#.repeat(200_000)));
}

#[test]
fn numbers_are_finite() {
    accepted("[1e308, -1.5, 18446744073709551616, 1e-400]");
    for number in [
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "+1",
        ".5",
        "0x1",
    ] {
        assert!(is_refused(number), "{number}");
        assert!(
            is_refused(format!(r#"{{"unread": [{number}]}}"#)),
            "{number}"
        );
    }
}

#[test]
fn nothing_follows_the_value_but_white_space() {
    accepted(" {} \r\n\t");
    refused_at("{} {}", 1, 4);
    for trailing in ["{}x", "{},", "{}\0", "1 2"] {
        assert!(is_refused(trailing), "{trailing}");
    }
}

#[test]
fn an_empty_body_is_refused_at_its_end() {
    refused_at("", 1, 1);
    refused_at("\n\n", 3, 1);
}

#[test]
fn extensions_of_json_are_refused() {
    for body in [
        "{a: 1}",
        "{'a': 1}",
        "[1,]",
        "// x\n{}",
        "/* x */ {}",
        "\"a\nb\"",
        "{\"a\" 1}",
    ] {
        assert!(is_refused(body), "{body}");
    }
}

/// The rules in full, told in another way.
fn verdict(body: &[u8]) -> bool {
    let tree = serde_json::from_slice::<Tree>(body);
    tree.is_ok_and(|tree| tree.depth() <= REQUEST_DEPTH && !tree.has_a_key_twice())
}

/// A tree within as many arrays.
fn wrapped() -> impl Strategy<Value = String> {
    (Tree::any(), 0..40_usize)
        .prop_map(|(tree, levels)| format!("{}{tree}{}", "[".repeat(levels), "]".repeat(levels)))
}

proptest! {
    #[test]
    fn any_tree_is_judged_by_depth_and_equal_keys(body in wrapped()) {
        prop_assert_eq!(scan(body.as_bytes()).is_ok(), verdict(body.as_bytes()));
    }

    #[test]
    fn damaged_trees_are_judged_as_the_json_reader_judges(
        body in wrapped(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut body = body.into_bytes();
        let at = at.index(body.len());
        if cut {
            body.truncate(at);
        } else {
            body[at] = byte;
        }
        prop_assume!(!body.starts_with(b"\xef\xbb\xbf"));
        prop_assert_eq!(scan(&body).is_ok(), verdict(&body));
    }
}

#[track_caller]
fn check_token(body: &str, expected: Option<&str>) {
    let token = scanned(body.as_bytes()).unwrap().token;
    let token = token.as_ref().map(Secret::expose);
    assert_eq!(token, expected, "{body}");
}

#[test]
fn the_token_is_picked_up_from_the_connection_details_and_from_nowhere_else() {
    check_token(r#"{"connectionDetails": {"token": "t"}}"#, Some("t"));
    check_token(
        r#"{"a": {"token": "x"}, "connectionDetails": {"url": "u", "token": "t", "b": ["y"]}, "token": "z"}"#,
        Some("t"),
    );
    // Escapes are what they stand for, as they are for whoever reads the details later.
    check_token(
        r#"{"connection\u0044etails": {"t\u006fken": "\u0074\n"}}"#,
        Some("t\n"),
    );
    for elsewhere in [
        r#"{}"#,
        r#"{"token": "t"}"#,
        r#"{"connectionDetails": "t"}"#,
        r#"{"connectionDetails": ["token", "t"]}"#,
        r#"{"connectionDetails": [{"token": "t"}]}"#,
        r#"[{"connectionDetails": {"token": "t"}}]"#,
        r#"{"query": {"connectionDetails": {"token": "t"}}}"#,
        r#"{"connectionDetails": {"a": {"token": "t"}}}"#,
        r#"{"connectionDetails": {"token": {"token": "t"}}}"#,
        r#"{"connectionDetails": {"token": ["t"]}}"#,
        r#"{"connectionDetails": {"token": 1234567890123456}}"#,
        r#"{"connectionDetails": {"token": null}}"#,
        r#"{"connectiondetails": {"Token": "t"}}"#,
    ] {
        check_token(elsewhere, None);
    }
}

#[test]
fn a_second_token_is_refused_whatever_the_first_is() {
    for twice in [
        r#"{"connectionDetails": {"token": "a", "token": "b"}}"#,
        r#"{"connectionDetails": {"token": "a", "t\u006fken": "b"}}"#,
        r#"{"connectionDetails": {"token": "a"}, "connectionDetails": {"token": "b"}}"#,
    ] {
        assert!(scanned(twice.as_bytes()).is_err(), "{twice}");
    }
}
