//! The text of a value, which mostly is copied and not read (performance.md, "The work and its
//! floor").

/// Longest text that is copied.
const LONGEST: usize = 32;
/// Most digits of an exponent that is copied: `1e999` is a number of JSON, and infinite.
const EXPONENT: usize = 2;

/// A text that is a number, or names one that JSON cannot write. Only what computes with it needs
/// [`NumberText::as_f64`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberText<'a>(Form<'a>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form<'a> {
    /// A finite number in the grammar of JSON, in few ASCII characters.
    Plain {
        text: &'a [u8],
        /// Whether it has neither a point nor an exponent.
        is_whole: bool,
    },
    /// Anything else that Rust reads as a float, perhaps NaN or an infinity.
    Float(f64),
}

impl<'a> NumberText<'a> {
    /// `text` as a number: `12.5`, `NaN`, `+Inf`, `1e+09`; `None` if it is none.
    #[must_use]
    pub fn new(text: &'a str) -> Option<Self> {
        match Self::leading(text.as_bytes()) {
            Some((number, length)) if length == text.len() => Some(number),
            _ => Some(Self(Form::Float(text.parse().ok()?))),
        }
    }

    /// The number that `bytes` begin with, if it is one that is copied, and how long it is. Nothing is
    /// said about what follows it.
    #[inline]
    #[must_use]
    pub fn leading(bytes: &'a [u8]) -> Option<(Self, usize)> {
        match Self::short(bytes) {
            Some((text, is_whole)) => Some((Self(Form::Plain { text, is_whole }), text.len())),
            None => Self::long(bytes),
        }
    }

    /// What most values are, at a stroke: digits, perhaps a point and more digits, and a quote behind
    /// them, all within sixteen bytes.
    #[inline]
    fn short(bytes: &'a [u8]) -> Option<(&'a [u8], bool)> {
        let head = bytes.first_chunk::<16>()?;
        // A digit is 0 to 9 in its low bits here and stays below 0x80 where 0x76 is added.
        let word = u128::from_le_bytes(*head) ^ u128::from_le_bytes([0x30; 16]);
        let low = word & u128::from_le_bytes([0x7f; 16]);
        let others =
            ((low + u128::from_le_bytes([0x76; 16])) | word) & u128::from_le_bytes([0x80; 16]);
        let first = (others.trailing_zeros() / 8) as usize;
        // A zero before other digits is no number of JSON.
        if first == 0 || (head[0] == b'0' && first > 1) {
            return None;
        }
        match head.get(first)? {
            b'"' => Some((&head[..first], true)),
            b'.' => {
                let second = ((others & (others - 1)).trailing_zeros() / 8) as usize;
                let ends = second > first + 1 && head.get(second) == Some(&b'"');
                ends.then(|| (&head[..second], false))
            }
            _ => None,
        }
    }

    /// The same for every number.
    fn long(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let mut end = usize::from(bytes.first() == Some(&b'-'));
        end = match bytes.get(end)? {
            b'0' => end + 1,
            b'1'..=b'9' => behind_digits(bytes, end + 1),
            _ => return None,
        };
        let mut is_whole = true;
        if bytes.get(end) == Some(&b'.') {
            let decimals = end + 1;
            end = behind_digits(bytes, decimals);
            is_whole = false;
            if end == decimals {
                return None;
            }
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = end + 1 + sign;
            end = behind_digits(bytes, exponent);
            is_whole = false;
            if !(1..=EXPONENT).contains(&(end - exponent)) {
                return None;
            }
        }
        let text = bytes.get(..end).filter(|text| text.len() <= LONGEST)?;
        Some((Self(Form::Plain { text, is_whole }), end))
    }

    /// The number's value. A float that is too large is infinite, and one that is too small zero.
    ///
    /// # Panics
    ///
    /// Never: what is plain was checked to be a number.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Form::Plain { text, .. } => {
                let text = str::from_utf8(text).ok();
                let value = text.and_then(|text| text.parse().ok());
                value.expect("a number of JSON is a float")
            }
            Form::Float(value) => value,
        }
    }

    /// The text, if it can be copied into JSON, and whether `.0` is missing that makes a float of it.
    #[inline]
    #[must_use]
    pub fn plain(self) -> Option<(&'a [u8], bool)> {
        match self.0 {
            Form::Plain { text, is_whole } => Some((text, is_whole)),
            Form::Float(_) => None,
        }
    }
}

/// A value that was computed.
impl From<f64> for NumberText<'_> {
    fn from(value: f64) -> Self {
        Self(Form::Float(value))
    }
}

/// Where the digits end that stand in `bytes` from `start` on; eight at a time.
#[inline]
fn behind_digits(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    while let Some(eight) = bytes.get(end..).and_then(<[u8]>::first_chunk::<8>) {
        // A digit is 0 to 9 in its low bits here and stays below 0x80 where 0x76 is added.
        let word = u64::from_le_bytes(*eight) ^ 0x3030_3030_3030_3030;
        let low = word & 0x7f7f_7f7f_7f7f_7f7f;
        let others = ((low + 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080;
        if others != 0 {
            return end + (others.trailing_zeros() / 8) as usize;
        }
        end += 8;
    }
    let rest = bytes.get(end..).unwrap_or_default();
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit());
    end + digits.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Checks which text is copied, whether `.0` is missing; or which float stands for it.
    #[track_caller]
    fn check(text: &str, expected: Option<bool>) {
        let number = NumberText::new(text).expect("a number");
        let copied = number.plain();
        assert_eq!(
            copied,
            expected.map(|is_whole| (text.as_bytes(), is_whole)),
            "{text}"
        );
        let value: f64 = text.parse().unwrap();
        let read = number.as_f64();
        assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()));
        assert!(copied.is_none() || read.is_finite());
    }

    #[test]
    fn numbers_of_json_are_copied_and_whole_ones_lack_a_point() {
        for text in ["0", "-0", "7", "-120", "999999999999999999999"] {
            check(text, Some(true));
        }
        for text in ["0.5", "-0.0", "12.5", "1e-7", "1E+21", "-1.5e99", "0e0"] {
            check(text, Some(false));
        }
        check("12345678901234567890123456789012", Some(true));
        check("0.123456789012345678901234567890", Some(false));
    }

    #[test]
    fn what_json_cannot_write_and_what_may_be_infinite_is_read() {
        let texts = [
            "NaN",
            "+Inf",
            "-Inf",
            "inf",
            "+1",
            ".5",
            "5.",
            "01",
            "-01",
            "1e100",
            "1e999",
            "1e-400",
            "123456789012345678901234567890123",
            "1.e5",
            "-.5",
        ];
        for text in texts {
            check(text, None);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", " 1", "1 ", "1_000", "0x10", "one", "1e", "1e+", "--1", "1.2.3",
        ] {
            assert_eq!(NumberText::new(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_copied_is_a_number_of_json(text in "[-+]?[0-9]{0,20}[.]?[0-9]{0,20}([eE][-+]?[0-9]{0,3})?") {
            let plain = NumberText::new(&text).and_then(NumberText::plain);
            let strict: Result<&serde_json::value::RawValue, _> = serde_json::from_str(&text);
            if plain.is_some() {
                prop_assert!(strict.is_ok());
            }
            let short = text.len() <= LONGEST && !text.contains(['e', 'E']);
            if short && strict.is_ok() {
                prop_assert!(plain.is_some());
            }
        }

        #[test]
        fn digits_end_where_they_end(bytes: Vec<u8>, digits in "[0-9]{0,30}") {
            let all = [digits.as_bytes(), &bytes].concat();
            let end = all.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(all.len());
            prop_assert_eq!(behind_digits(&all, 0), end);
        }

        #[test]
        fn every_float_reads_back(bits: u64) {
            let float = f64::from_bits(bits);
            for text in [format!("{float}"), format!("{float:?}"), format!("{float:e}")] {
                let read = NumberText::new(&text).unwrap().as_f64();
                prop_assert!(read.to_bits() == bits || (read.is_nan() && float.is_nan()));
            }
        }
    }
}
