//! The scanner against serde's reader, however a document is cut.

use std::fmt;

use proptest::prelude::*;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::*;
use crate::upstream::AnswerLimit;

/// Writes down the events, and wants so much of each text.
struct Log {
    events: Vec<String>,
    wanted: usize,
    most_held: usize,
}

impl Listener for Log {
    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        self.events.push(match event {
            Event::Array => "[".to_owned(),
            Event::Object => "{".to_owned(),
            Event::End => "end".to_owned(),
            Event::Key(name) => format!("key {name:?}"),
            Event::Text(text) => format!("text {text:?}"),
            Event::Number(text) => format!("number {text}"),
            Event::Bool(_) => "bool".to_owned(),
            Event::Null => "null".to_owned(),
        });
        Ok(())
    }

    fn wanted(&self) -> usize {
        self.wanted
    }

    fn holds(&mut self, bytes: usize) -> Result<(), Fault> {
        self.most_held = self.most_held.max(bytes);
        Ok(())
    }
}

fn scan(bytes: &[u8], size: usize, wanted: usize) -> Result<Vec<String>, Fault> {
    let events = Vec::new();
    let mut log = Log {
        events,
        wanted,
        most_held: 0,
    };
    let mut scanner = Scanner::default();
    for chunk in bytes.chunks(size) {
        scanner.push(chunk, &mut log)?;
    }
    scanner.finish(&mut log)?;
    Ok(log.events)
}

/// Checks the events of `text`, whole and in pieces.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    for size in [1, 2, 3, 5, 1_000] {
        let events = scan(text.as_bytes(), size, usize::MAX);
        assert_eq!(
            events.as_deref(),
            Ok(&expected.map_to_owned()[..]),
            "{text}"
        );
    }
}

trait MapToOwned {
    fn map_to_owned(&self) -> Vec<String>;
}

impl MapToOwned for &[&str] {
    fn map_to_owned(&self) -> Vec<String> {
        self.iter().map(|&it| it.to_owned()).collect()
    }
}

/// Checks that `bytes` are refused, whole and in pieces, whatever is wanted; and by serde.
#[track_caller]
fn refuse(bytes: &[u8]) {
    for (size, wanted) in [
        (1, 0),
        (1, usize::MAX),
        (2, 3),
        (1_000, 0),
        (1_000, usize::MAX),
    ] {
        let events = scan(bytes, size, wanted);
        assert_eq!(events, Err(Fault::Malformed), "{}", bytes.escape_ascii());
    }
    assert!(
        serde(bytes).is_none(),
        "serde takes {}",
        bytes.escape_ascii()
    );
}

#[test]
fn a_document_is_its_events() {
    check(
        r#" { "a" : [ 1 , -0.5e+3 , "x" ] , "b" : { } , "c" : [ true , false , null ] } "#,
        &[
            "{",
            "key \"a\"",
            "[",
            "number 1",
            "number -0.5e+3",
            "text \"x\"",
            "end",
            "key \"b\"",
            "{",
            "end",
            "key \"c\"",
            "[",
            "bool",
            "bool",
            "null",
            "end",
            "end",
        ],
    );
    check("7", &["number 7"]);
    check("\"\"", &["text \"\""]);
    check("[]", &["[", "end"]);
    check("\t\r\n null \n", &["null"]);
}

#[test]
fn escapes_mean_what_they_mean() {
    check(
        r#""\"\\\/\b\f\n\r\t\u0041\u00e4\ud83d\ude00é""#,
        &["text \"\\\"\\\\/\\u{8}\\u{c}\\n\\r\\tAä😀é\""],
    );
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "}",
        "]",
        ",",
        ":",
        "[1",
        "[1,",
        "[,1]",
        "[1,]",
        "[1 2]",
        "[1}",
        "{]",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{null:1}",
        "{[]:1}",
        "[:]",
        "1 1",
        "{} {}",
        "[]x",
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u123g\"",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\n\"",
        "\"\u{0}\"",
        "\"\u{1f}\"",
        "tru",
        "True",
        "nul",
        "nulls",
        "NaN",
        "Infinity",
        "-",
        "+1",
        "01",
        "1e309",
        "-1e999",
        "1.",
        ".1",
        "1e",
        "1e+",
        "-a",
        "--1",
        "1.e1",
        "0x1",
        "1_0",
        "'a'",
        "/**/1",
        "\u{feff}1",
        "\u{a0}1",
        "\u{b}1",
    ] {
        refuse(text.as_bytes());
    }
}

#[test]
fn bad_utf_8_is_refused_wherever_it_stands() {
    for bytes in [
        &b"\"\xff\""[..],
        b"\"\x80\"",
        b"\"\xc3\"",
        b"\"\xc3\\n\xa4\"",
        b"\"a\xe2\x82\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xf5\x80\x80\x80\"",
        b"\"\xc0\x80\"",
        b"{\"\xff\":1}",
        b"[\xff]",
        b"\xff",
        b"[1\xff]",
        b"1\xff",
    ] {
        refuse(bytes);
    }
}

#[test]
fn bad_utf_8_is_refused_in_what_is_dropped_of_a_long_text() {
    for at in [0, 3, 4_000, 5_000, 9_999] {
        let mut bytes = [b"\"", "ä".repeat(5_000).as_bytes(), b"\""].concat();
        bytes[at + 1] = 0xff;
        for (size, wanted) in [
            (1, 0),
            (7, 100),
            (20_000, 0),
            (20_000, 4),
            (4_096, usize::MAX),
        ] {
            assert_eq!(scan(&bytes, size, wanted), Err(Fault::Malformed));
        }
    }
}

#[test]
fn a_document_has_64_levels_and_no_more() {
    let nested = |open: &str, close: &str, depth: usize| {
        scan(
            format!("{}{}", open.repeat(depth), close.repeat(depth)).as_bytes(),
            9,
            0,
        )
    };
    assert_eq!(nested("[", "]", 64).unwrap().len(), 128);
    assert_eq!(nested("[", "]", 65), Err(Fault::Malformed));
    let objects = |depth: usize| {
        let text = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        scan(text.as_bytes(), 9, 1)
    };
    assert_eq!(objects(64).unwrap().len(), 3 * 64 + 1);
    assert_eq!(objects(65), Err(Fault::Malformed));
    assert_eq!(nested("[", "]", 1 << 20), Err(Fault::Malformed));
    // Levels that have ended do not count.
    let wide = format!("[{}]", vec!["[[]]"; 100].join(","));
    assert!(scan(wide.as_bytes(), 9, 0).is_ok());
}

#[test]
fn a_string_has_a_mebibyte_and_no_more_whatever_is_wanted_of_it() {
    let string = |length: usize| [b"\"", "x".repeat(length).as_bytes(), b"\""].concat();
    let fits = string(limits::ANSWER_STRING);
    let over = string(limits::ANSWER_STRING + 1);
    for (size, wanted) in [
        (2 << 20, 0),
        (1_000, 10),
        (4_096, usize::MAX),
        (2 << 20, usize::MAX),
    ] {
        assert!(scan(&fits, size, wanted).is_ok());
        let refused = scan(&over, size, wanted);
        assert_eq!(refused, Err(Fault::Over(AnswerLimit::String)));
    }
}

#[test]
fn of_a_text_that_is_longer_than_wanted_come_its_start_and_a_mark() {
    let text = |text: &str, size: usize, wanted: usize| {
        let json = format!("\"{text}\"");
        scan(json.as_bytes(), size, wanted).unwrap().remove(0)
    };
    assert_eq!(text("abc", 10, 3), "text \"abc\"");
    assert_eq!(text("abc", 1, 0), "text \"\"");
    // The start ends between two characters.
    assert!(text("aäb", 10, 2).starts_with("text \"a…"));
    assert!(text("aäb", 10, 3).starts_with("text \"aä…"));
    let long = "0123456789ä".repeat(3_000);
    let marked = text(&long, 100_000, 5);
    assert_eq!(marked.len(), "text \"01234…\"".len() + 64);
    for size in [1, 7, 4_096, 10_000] {
        assert_eq!(text(&long, size, 5), marked);
    }
    assert!(text(&format!("{long}x"), 100, 5) != marked);
}

#[test]
fn a_number_has_512_digits_and_no_more() {
    let number = |length: usize| {
        let text = format!("0.{}", "1".repeat(length - 2));
        scan(text.as_bytes(), 100, 0)
    };
    refuse("1".repeat(400).as_bytes());
    assert!(number(512).is_ok());
    assert_eq!(number(513), Err(Fault::Malformed));
}

#[test]
fn nothing_large_is_held_of_what_is_not_wanted() {
    let mut scanner = Scanner::default();
    let events = Vec::new();
    let mut log = Log {
        events,
        wanted: 100,
        most_held: 0,
    };
    scanner.push(b"[\"", &mut log).unwrap();
    for _ in 0..15 {
        scanner.push(&[b'x'; 64 << 10], &mut log).unwrap();
        assert!(scanner.text.held() < 32 << 10);
    }
    scanner.push(b"\",", &mut log).unwrap();
    // And what one text took is not held for the next.
    log.wanted = usize::MAX;
    scanner.push(b"\"", &mut log).unwrap();
    scanner.push(&[b'x'; 64 << 10], &mut log).unwrap();
    assert!(scanner.text.held() >= 64 << 10);
    scanner.push(b"\",\"", &mut log).unwrap();
    assert!(scanner.text.held() < 32 << 10);
}

#[test]
fn a_document_is_begun_from_its_first_to_its_last_byte() {
    let text = b" {\"a\":1} ";
    let mut scanner = Scanner::default();
    let events = Vec::new();
    let mut log = Log {
        events,
        wanted: 100,
        most_held: 0,
    };
    for (at, byte) in text.iter().enumerate() {
        assert_eq!(scanner.is_within(), (2..8).contains(&at), "{at}");
        scanner.push(&[*byte], &mut log).unwrap();
    }
    assert!(!scanner.is_within());
}

/// The events of a document as serde reads it.
fn serde(bytes: &[u8]) -> Option<Vec<String>> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut events = Vec::new();
    Reference(&mut events).deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(events)
}

struct Reference<'a>(&'a mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Reference<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reference<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push("null".to_owned());
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.0.push("bool".to_owned());
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.0.push("number".to_owned());
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.0.push("number".to_owned());
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.0.push("number".to_owned());
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push(format!("text {text:?}"));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.push("[".to_owned());
        while items.next_element_seed(Reference(self.0))?.is_some() {}
        self.0.push("end".to_owned());
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.0.push("{".to_owned());
        while let Some(name) = members.next_key::<String>()? {
            self.0.push(format!("key {name:?}"));
            members.next_value_seed(Reference(self.0))?;
        }
        self.0.push("end".to_owned());
        Ok(())
    }
}

/// Any document, with blanks and escapes of every kind.
fn document() -> impl Strategy<Value = String> {
    let string = any::<String>().prop_flat_map(|text| {
        any::<bool>().prop_map(move |is_escaped| {
            if is_escaped {
                let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                format!("\"{}\"", units.collect::<String>())
            } else {
                serde_json::to_string(&text).unwrap()
            }
        })
    });
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
        any::<f64>().prop_filter_map("no number of JSON", |it| serde_json::to_string(&it)
            .ok()
            .filter(|text| text != "null")),
        string.clone(),
    ];
    let blank = "[ \t\r\n]{0,2}";
    let around =
        move |inner: String, (before, after): (String, String)| format!("{before}{inner}{after}");
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let item = (inner, (blank, blank)).prop_map(move |(it, blanks)| around(it, blanks));
        let member = (string.clone(), item.clone()).prop_map(|(name, it)| format!("{name}:{it}"));
        prop_oneof![
            prop::collection::vec(item, 0..5).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|all| format!("{{{}}}", all.join(","))),
        ]
    })
}

/// The events without the texts of numbers.
fn without_numbers(events: Vec<String>) -> Vec<String> {
    let plain = |event: String| {
        if event.starts_with("number") {
            "number".to_owned()
        } else {
            event
        }
    };
    events.into_iter().map(plain).collect()
}

proptest! {
    #[test]
    fn every_document_is_read_as_serde_reads_it(text in document(), size in 1..50_usize) {
        let events = scan(text.as_bytes(), size, usize::MAX).unwrap();
        prop_assert_eq!(Some(without_numbers(events)), serde(text.as_bytes()));
    }

    #[test]
    fn what_serde_refuses_is_refused(
        text in document(), at: prop::sample::Index, to: u8, size in 1..50_usize,
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let scanned = scan(&bytes, size, usize::MAX).map(without_numbers);
        prop_assert_eq!(scanned.ok(), serde(&bytes));
    }
}
