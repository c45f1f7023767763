//! Makes harmless what could break a log line or hide a part of it (security.md, section 6).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

/// Makes writers that escape control and bidirectional characters.
pub(super) struct Escaped<W>(W);

impl<W> Escaped<W> {
    /// Escapes what is written to the writers of `inner`.
    pub(super) fn new(inner: W) -> Self {
        Self(inner)
    }
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Escaped<W> {
    type Writer = Writer<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Writer(self.0.make_writer())
    }
}

/// Escapes; expects each event in one call, as the formatter makes it.
pub(super) struct Writer<W>(W);

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        self.0.write_all(escaped(&line).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// `line` with every character that is no text as `\uXXXX`, which is right inside of a JSON string
/// too; JSON has such characters nowhere else. The newline at its end stays.
fn escaped(line: &str) -> Cow<'_, str> {
    let (text, end) = match line.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (line, ""),
    };
    if !text.contains(is_no_text) {
        return Cow::Borrowed(line);
    }
    let mut escaped = String::with_capacity(line.len() + 16);
    for c in text.chars() {
        if is_no_text(c) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped.push_str(end);
    Cow::Owned(escaped)
}

/// Control characters, separators of lines, and what changes the direction of text.
fn is_no_text(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newline_at_the_end_is_kept() {
        assert_eq!(escaped("plain ü\n"), "plain ü\n");
        assert_eq!(escaped("a\nb\u{7f}\n"), "a\\u000ab\\u007f\n");
        assert_eq!(escaped("\u{202e}x\u{2069}"), "\\u202ex\\u2069");
    }
}
