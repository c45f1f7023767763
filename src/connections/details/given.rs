//! A value as it was given, before anything is known of what it should be.
//!
//! A few levels of lists and maps and no more; deeper matter is passed over while reading, so
//! nothing grows with the depth of a document. It knows neither JSON nor YAML: whatever
//! [`serde::Deserialize`] can be fed from makes one. It has no `Debug`, since it can be a secret.

mod duration;
mod visit;

use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::Unfit;

/// Up to here every integer is a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value as it was given.
#[derive(Clone, PartialEq)]
pub enum Given {
    /// Anything but a list or a map.
    Scalar(Scalar),
    /// A list.
    List(Vec<Given>),
    /// A map, in document order.
    Map(Vec<(String, Given)>),
}

/// A value without members.
#[derive(Clone, PartialEq)]
pub enum Scalar {
    /// `null` or an empty string; both equal absent.
    Absent,
    /// A boolean.
    Flag(bool),
    /// A number, finite where it comes from JSON.
    Number(f64),
    /// A string that is not empty.
    Text(String),
    /// A list or a map that stands deeper than anything is read.
    Nested,
}

impl Given {
    /// Whether nothing was given: `null` or `""`. An empty list or map is something.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Scalar(Scalar::Absent))
    }

    /// A string.
    ///
    /// # Errors
    ///
    /// If it is anything else, numbers included.
    pub fn text(self) -> Result<String, Unfit> {
        match self {
            Self::Scalar(Scalar::Text(text)) => Ok(text),
            _ => Err(Unfit::invalid("must be a string")),
        }
    }

    /// A boolean.
    ///
    /// # Errors
    ///
    /// If it is anything else, the words `"true"` and `"false"` included.
    pub fn flag(&self) -> Result<bool, Unfit> {
        match self {
            Self::Scalar(Scalar::Flag(flag)) => Ok(*flag),
            _ => Err(Unfit::invalid("must be true or false")),
        }
    }

    /// One of a few words, spelled exactly so.
    ///
    /// # Errors
    ///
    /// If it is anything else; the expectation lists the words.
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Unfit> {
        self.word(words, |text, word| text == word)
    }

    /// One of a few words, in any case.
    ///
    /// # Errors
    ///
    /// As for [`choice`](Self::choice).
    pub fn choice_in_any_case<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Unfit> {
        self.word(words, str::eq_ignore_ascii_case)
    }

    fn word<T: Copy>(
        &self,
        words: &[(&str, T)],
        equal: impl Fn(&str, &str) -> bool,
    ) -> Result<T, Unfit> {
        if let Self::Scalar(Scalar::Text(text)) = self
            && let Some((_, value)) = words.iter().find(|(word, _)| equal(text, word))
        {
            return Ok(*value);
        }
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Err(Unfit::invalid(format!("must be {}", words.join(" or "))))
    }

    /// An integer of `range`, which lies within 2^53; integral floats and numeric strings count.
    ///
    /// # Errors
    ///
    /// If it is none, or outside of `range`.
    pub fn integer(&self, range: RangeInclusive<u32>) -> Result<u32, Unfit> {
        let (least, most) = (*range.start(), *range.end());
        self.number()
            .filter(|number| number.fract() == 0.0)
            .filter(|number| (f64::from(least)..=f64::from(most)).contains(number))
            .map(within_u32)
            .ok_or_else(|| Unfit::invalid(format!("must be an integer from {least} to {most}")))
    }

    /// A duration, or a number of seconds; in seconds, finite, of any sign.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn seconds(&self) -> Result<f64, Unfit> {
        let spelled = || match self {
            Self::Scalar(Scalar::Text(text)) => duration::seconds(text),
            _ => None,
        };
        self.number().or_else(spelled).ok_or_else(|| {
            Unfit::invalid("must be a duration such as 500ms or 1m30s, or a number of seconds")
        })
    }

    /// A duration within `range`, or a number of seconds.
    ///
    /// # Errors
    ///
    /// If it is neither, or outside of `range`; the expectation has `bounds`, the range in words.
    pub fn duration(
        &self,
        range: RangeInclusive<Duration>,
        bounds: &str,
    ) -> Result<Duration, Unfit> {
        Duration::try_from_secs_f64(self.seconds()?)
            .ok()
            .filter(|length| range.contains(length))
            .ok_or_else(|| Unfit::invalid(format!("must be a duration from {bounds}")))
    }

    /// A number, integral or not, of any sign; numeric strings count.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Scalar(Scalar::Number(number)) => *number,
            // Rust also reads `inf` and `nan`; those are not finite and go below.
            Self::Scalar(Scalar::Text(text)) => text.parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    /// A list of strings; absent members are passed over.
    ///
    /// # Errors
    ///
    /// If it is anything else.
    pub fn texts(self) -> Result<Vec<String>, Unfit> {
        let unfit = || Unfit::invalid("must be a list of strings");
        let Self::List(members) = self else {
            return Err(unfit());
        };
        let present = members.into_iter().filter(|member| !member.is_absent());
        present
            .map(|member| member.text().map_err(|_| unfit()))
            .collect()
    }

    /// A string, or a number as the text that it was most likely typed as: whole numbers without a
    /// fraction. Beyond 2^53 digits are lost already, so such a number is none of them.
    ///
    /// # Errors
    ///
    /// If it is anything else.
    pub fn text_or_number(self) -> Result<String, Unfit> {
        match self {
            Self::Scalar(Scalar::Number(number)) if number.abs() <= EXACT => Ok(number.to_string()),
            Self::Scalar(Scalar::Number(_)) => {
                Err(Unfit::invalid("must be a string; write it in quotes"))
            }
            other => other.text(),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the one caller has checked that it is integral and within u32"
)]
fn within_u32(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Given {
        Given::Scalar(Scalar::Text(text.to_owned()))
    }

    fn number(number: f64) -> Given {
        Given::Scalar(Scalar::Number(number))
    }

    #[test]
    fn an_integer_may_be_an_integral_float_or_a_numeric_string() {
        for given in [number(9090.0), text("9090"), text("9090.0")] {
            assert!(given.integer(1..=65_535) == Ok(9090));
        }
        for given in [
            number(0.0),
            number(1.5),
            number(65_536.0),
            text("nan"),
            text("x"),
        ] {
            let refused = given.integer(1..=65_535).unwrap_err();
            assert_eq!(refused.expectation(), "must be an integer from 1 to 65535");
        }
    }

    #[test]
    fn a_duration_may_be_a_number_of_seconds() {
        for given in [number(1.5), text("1.5"), text("1s500ms")] {
            let range = Duration::ZERO..=Duration::from_secs(2);
            assert!(given.duration(range, "0 to 2 s") == Ok(Duration::from_millis(1500)));
        }
        for given in [number(-1.0), number(3.0), text("3s")] {
            let refused = given.duration(Duration::ZERO..=Duration::from_secs(2), "0 to 2 s");
            assert_eq!(
                refused.unwrap_err().expectation(),
                "must be a duration from 0 to 2 s"
            );
        }
        assert!(text("inf").seconds().is_err());
    }
}
