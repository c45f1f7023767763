//! Reads the text of a caller once, token by token, before a parser may see it.
//!
//! Three things the parser cannot be trusted with are settled here. Depth: a stack overflow cannot
//! be caught, so it is measured without recursion, chains of operators included. Strings: the
//! parser reads `"\xff"` as a character and knows no backslash in backquotes, so each string is read
//! by the rules of Prometheus and stands in for itself as `"#<n>"`; that also keeps regular
//! expressions of strangers from being compiled. Numbers: it panics on a range of `1e99` seconds and
//! drops the part of a duration that does not fit 32 bits.

use std::iter::Peekable;
use std::str::CharIndices;

use crate::promql::quote;

/// A text that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    /// The text with each string replaced and without comments.
    pub(super) text: String,
    /// The strings, in the order of their numbers.
    pub(super) strings: Vec<String>,
    /// How deep a tree of it can be at most.
    pub(super) depth: usize,
    /// Whether its values depend on the whole range that is asked for: `@ start()` and the like.
    pub(super) is_bound_to_range: bool,
}

/// Why a text cannot be read: a string that does not end or holds no text, or a number that no
/// duration can have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The stand-in for string `index`, which no label and no metric can be named without quotes.
const STAND_IN: &str = "#";

/// What `text` of the parsed tree stands for.
pub(super) fn stands_for<'a>(text: &'a str, strings: &'a [String]) -> Option<&'a str> {
    match text.strip_prefix(STAND_IN) {
        Some(index) => Some(strings.get(index.parse::<usize>().ok()?)?.as_str()),
        None => Some(text),
    }
}

/// Reads `text`.
pub(super) fn scan(text: &str) -> Result<Scanned, Unreadable> {
    let mut scanner = Scanner {
        source: text,
        rest: text.char_indices().peekable(),
        found: Scanned::default(),
        nesting: Nesting::default(),
        is_after_offset: false,
    };
    while let Some((at, first)) = scanner.rest.next() {
        scanner.token(at, first)?;
    }
    scanner.found.depth = scanner.nesting.finish();
    Ok(scanner.found)
}

struct Scanner<'a> {
    source: &'a str,
    rest: Peekable<CharIndices<'a>>,
    found: Scanned,
    nesting: Nesting,
    is_after_offset: bool,
}

impl<'a> Scanner<'a> {
    fn token(&mut self, at: usize, first: char) -> Result<(), Unreadable> {
        let was_after_offset = std::mem::take(&mut self.is_after_offset);
        match first {
            '#' => {
                while self
                    .rest
                    .next_if(|(_, c)| !matches!(c, '\r' | '\n'))
                    .is_some()
                {}
                self.is_after_offset = was_after_offset;
            }
            '"' | '\'' | '`' => {
                let string = self.string(first)?;
                let index = self.found.strings.len();
                self.found.strings.push(string);
                let stand_in = [STAND_IN, &index.to_string()].concat();
                self.found
                    .text
                    .push_str(&quote::string(&stand_in).to_string());
            }
            'a'..='z' | 'A'..='Z' | '_' | ':' => {
                let word = self.word(at, |c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
                self.name(word, was_after_offset)?;
                self.found.text.push_str(word);
            }
            '0'..='9' | '.' => {
                let word = self.number(at);
                if !is_sane_number(word, was_after_offset || self.nesting.is_inside('[')) {
                    return Err(Unreadable);
                }
                self.found.text.push_str(word);
            }
            _ => {
                self.symbol(first);
                let is_between = first.is_whitespace() || matches!(first, '+' | '-');
                self.is_after_offset = was_after_offset && is_between;
                self.found.text.push(first);
            }
        }
        Ok(())
    }

    fn symbol(&mut self, first: char) {
        match first {
            '(' | '[' | '{' => self.nesting.open(first),
            ')' | ']' | '}' => self.nesting.close(),
            ',' => self.nesting.next_argument(),
            '+' | '-' | '*' | '/' | '%' | '^' | '<' | '>' | '!' | '=' | '@' => {
                self.nesting.operator();
            }
            _ => {}
        }
    }

    fn name(&mut self, word: &str, was_after_offset: bool) -> Result<(), Unreadable> {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "and" | "or" | "unless" | "atan2" => self.nesting.operator(),
            "offset" => self.is_after_offset = true,
            // The parser panics on an infinite offset.
            "inf" | "nan" if was_after_offset => return Err(Unreadable),
            _ => {}
        }
        let mut ahead = self.rest.clone();
        let next = ahead.find(|(_, c)| !c.is_whitespace());
        // A comment between a name and its parenthesis is taken for a parenthesis.
        if matches!(next, Some((_, '(' | '#'))) && reads_whole_range(&lower) {
            self.found.is_bound_to_range = true;
        }
        Ok(())
    }

    /// The longest word from `at` on, the character at `at` included.
    fn word(&mut self, at: usize, belongs: impl Fn(char) -> bool) -> &'a str {
        while self.rest.next_if(|(_, c)| belongs(*c)).is_some() {}
        self.since(at)
    }

    /// A number or a duration, exponent included.
    fn number(&mut self, at: usize) -> &'a str {
        let word = self.word(at, |c| c.is_ascii_alphanumeric() || c == '.');
        let is_exponent_open = word.ends_with(['e', 'E']) && !word.starts_with("0x");
        if is_exponent_open && self.rest.next_if(|(_, c)| matches!(c, '+' | '-')).is_some() {
            return self.word(at, |c| c.is_ascii_digit());
        }
        word
    }

    fn since(&mut self, at: usize) -> &'a str {
        let end = self.rest.peek().map_or(self.source.len(), |(end, _)| *end);
        self.source.get(at..end).unwrap_or_default()
    }

    /// A string by the rules of Go, which Prometheus follows: escapes can name single bytes.
    fn string(&mut self, quote: char) -> Result<String, Unreadable> {
        let mut bytes = Vec::new();
        loop {
            match self.rest.next().ok_or(Unreadable)?.1 {
                end if end == quote => break,
                '\n' if quote != '`' => return Err(Unreadable),
                '\\' if quote != '`' => self.escape(quote, &mut bytes)?,
                other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        String::from_utf8(bytes).map_err(|_| Unreadable)
    }

    fn escape(&mut self, quote: char, bytes: &mut Vec<u8>) -> Result<(), Unreadable> {
        let kind = self.rest.next().ok_or(Unreadable)?.1;
        let byte = match kind {
            'a' => 0x07,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            '\\' => b'\\',
            'x' => u8::try_from(self.digits(2, 16, 0)?).map_err(|_| Unreadable)?,
            '0'..='7' => {
                let first = kind.to_digit(8).ok_or(Unreadable)?;
                u8::try_from(self.digits(2, 8, first)?).map_err(|_| Unreadable)?
            }
            'u' | 'U' => {
                let count = if kind == 'u' { 4 } else { 8 };
                let code = self.digits(count, 16, 0)?;
                let character = char::from_u32(code).ok_or(Unreadable)?;
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            other if other == quote && quote == '"' => b'"',
            other if other == quote => b'\'',
            _ => return Err(Unreadable),
        };
        bytes.push(byte);
        Ok(())
    }

    fn digits(&mut self, count: usize, radix: u32, start: u32) -> Result<u32, Unreadable> {
        let mut value = start;
        for _ in 0..count {
            let digit = self.rest.next().and_then(|(_, c)| c.to_digit(radix));
            value = value
                .checked_mul(radix)
                .and_then(|value| value.checked_add(digit?))
                .ok_or(Unreadable)?;
        }
        Ok(value)
    }
}

/// Whether a function of this name reads the whole range that is asked for, so that its values
/// change when the range is split: `start()` and `end()`, also behind `@`, and the functions of
/// `MetricsQL` that look along a series or rank by it.
fn reads_whole_range(name: &str) -> bool {
    const PREFIXES: [&str; 7] = [
        "range_", "running_", "topk_", "bottomk_", "outliers", "keep_", "smooth_",
    ];
    matches!(
        name,
        "start" | "end" | "interpolate" | "remove_resets" | "drop_empty_series" | "limit_offset"
    ) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the parser reads `word` without a panic and without losing digits.
fn is_sane_number(word: &str, is_length: bool) -> bool {
    // `3000000000ms` and longer would lose digits; so would such a part of `1h3000000000ms`.
    let is_duration = !word.starts_with("0x") && word.ends_with(['s', 'm', 'h', 'd', 'w', 'y']);
    if is_duration {
        return word
            .split(|c: char| !c.is_ascii_digit())
            .all(|digits| digits.len() <= 9);
    }
    // A range of more seconds than 64 bits hold is a panic.
    !is_length || word.len() <= 12 && !word.contains(['e', 'E'])
}

/// How deep a tree can get, from the tokens alone. A chain of `n` operators is `n` deep, wherever in
/// it the deepest operand stands.
#[derive(Debug, Default)]
struct Nesting {
    open: Vec<(char, Level)>,
    outermost: Level,
}

/// One pair of brackets, or the whole text.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// Operators in the current argument.
    operators: usize,
    /// The deepest bracket in the current argument.
    inner: usize,
    /// The deepest argument before.
    earlier: usize,
}

impl Level {
    fn depth(self) -> usize {
        self.earlier.max(self.operators + self.inner)
    }
}

impl Nesting {
    fn current(&mut self) -> &mut Level {
        self.open
            .last_mut()
            .map_or(&mut self.outermost, |(_, level)| level)
    }

    fn open(&mut self, bracket: char) {
        if bracket == '[' {
            // A subquery is a level around what stands before it.
            self.operator();
        }
        self.open.push((bracket, Level::default()));
    }

    fn close(&mut self) {
        if let Some((_, level)) = self.open.pop() {
            let current = self.current();
            current.inner = current.inner.max(level.depth() + 1);
        }
    }

    fn operator(&mut self) {
        if !self.is_inside('{') {
            self.current().operators += 1;
        }
    }

    fn next_argument(&mut self) {
        let level = self.current();
        *level = Level {
            earlier: level.depth(),
            ..Level::default()
        };
    }

    fn is_inside(&self, bracket: char) -> bool {
        self.open.last().is_some_and(|(open, _)| *open == bracket)
    }

    fn finish(mut self) -> usize {
        while !self.open.is_empty() {
            self.close();
        }
        self.outermost.depth()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn strings(text: &str, expected: &[&str]) {
        assert_eq!(scan(text).expect("readable").strings, expected);
    }

    #[track_caller]
    fn depth(text: &str, expected: usize) {
        assert_eq!(scan(text).expect("readable").depth, expected);
    }

    #[test]
    fn strings_are_read_by_the_rules_of_prometheus() {
        strings(r#"{a="x\"y",b='\'"',c=`\d"`}"#, &["x\"y", "'\"", "\\d\""]);
        strings(r#""\xc3\xa9 \303\251 \u00e9 \U0001f600""#, &["é é é 😀"]);
        strings(r#""\a\b\f\n\r\t\v\\""#, &["\u{7}\u{8}\u{c}\n\r\t\u{b}\\"]);
    }

    #[test]
    fn strings_that_hold_no_text_or_do_not_end_are_unreadable() {
        for text in [
            r#""\xff""#,
            r#""\ud800""#,
            r#""\777""#,
            r#""\q""#,
            r#""\'""#,
            "\"a\nb\"",
            "\"a",
            "`a",
            r#""\x1"#,
        ] {
            assert_eq!(scan(text), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn strings_and_comments_leave_the_text() {
        let scanned = scan("up{a=\"}\"} # \"not a string\n + 1").expect("readable");
        assert_eq!(scanned.text, "up{a=\"#0\"} \n + 1");
        assert_eq!(stands_for("#0", &scanned.strings), Some("}"));
        assert_eq!(stands_for("a", &scanned.strings), Some("a"));
        assert_eq!(stands_for("#1", &scanned.strings), None);
    }

    #[test]
    fn depth_counts_brackets_and_chains() {
        depth("up", 0);
        depth("(((up)))", 3);
        depth("a+b+c+d", 3);
        depth("(((a)))+b+c", 5);
        depth("a+b+f(c,(d),e)", 4);
        depth("- - -a", 3);
        depth("a or b and c unless d atan2 e", 4);
        depth(r#"a{b="c",d!="e"}"#, 1);
        depth("a[1m:][1m:]", 3);
        depth("((((", 4);
        depth("))))", 0);
    }

    #[test]
    fn numbers_that_the_parser_cannot_hold_are_unreadable() {
        for text in [
            "a[1e99]",
            "a[10000000000000]",
            "a offset 1e99",
            "a offset -Inf",
            "a offset - # \n NaN",
            "a[1h5000000000ms]",
        ] {
            assert_eq!(scan(text), Err(Unreadable), "{text}");
        }
        for text in ["a * 1e99", "Inf", "a[5m]", "a offset -5m", "0x1e+5", "1e-5"] {
            assert!(scan(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_depends_on_the_range_is_seen_outside_strings_and_comments() {
        for text in [
            "up @ start()",
            "up @ END ( )",
            "up @ start # c\n ()",
            "range_avg(up)",
        ] {
            assert!(scan(text).expect("readable").is_bound_to_range, "{text}");
        }
        for text in ["start", "up{a=\"@ start()\"}", "up # start()", "restart(a)"] {
            assert!(!scan(text).expect("readable").is_bound_to_range, "{text}");
        }
    }
}
