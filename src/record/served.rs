//! Where an answer came from: asked for, kept, or waited for together with others.

use std::fmt;
use std::time::Duration;

/// What a caller wants of answers that are there already (`Cache-Control` of its request).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// One that is kept, or that others wait for, is as good as a new one.
    #[default]
    Any,
    /// A new one, which may be kept (`no-cache`).
    New,
    /// A new one, which is not kept either (`no-store`).
    Unkept,
}

impl Freshness {
    /// What the values of `Cache-Control` ask for. What is not understood asks for nothing.
    #[must_use]
    pub fn of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut freshness = Self::Any;
        let directives = values
            .into_iter()
            .flat_map(|value| value.split(|b| *b == b','));
        for directive in directives {
            // An argument, which other servers know for answers, changes nothing.
            let name = directive.split(|b| *b == b'=').next().unwrap_or_default();
            let name = name.trim_ascii();
            if name.eq_ignore_ascii_case(b"no-store") {
                return Self::Unkept;
            }
            if name.eq_ignore_ascii_case(b"no-cache") {
                freshness = Self::New;
            }
        }
        freshness
    }
}

/// Where the answer to a query came from. Printed as the header `X-Mirror-Result` has it
/// (performance.md, "The micro-cache of finished answers").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The backend was asked.
    Miss {
        /// How many calls that took, those before the plan too.
        calls: u32,
    },
    /// It was kept.
    Hit {
        /// For how long.
        age: Duration,
        /// Whether it says that there is nothing to answer.
        is_negative: bool,
    },
    /// It was asked for already.
    Joined {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The caller wanted a new one.
    Bypass {
        /// By which word: never [`Freshness::Any`].
        wanted: Freshness,
        /// How many calls that took.
        calls: u32,
    },
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Miss { calls } => write!(f, "miss; calls={calls}"),
            Self::Hit { age, is_negative } => {
                let negative = if *is_negative { "negative; " } else { "" };
                write!(f, "hit; {negative}age_ms={}", age.as_millis())
            }
            Self::Joined { waited } => write!(f, "joined; waited_ms={}", waited.as_millis()),
            Self::Bypass { wanted, calls } => {
                let reason = match wanted {
                    Freshness::Any | Freshness::New => "no-cache",
                    Freshness::Unkept => "no-store",
                };
                write!(f, "bypass; reason={reason}; calls={calls}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: Freshness) {
        assert_eq!(
            Freshness::of(values.iter().map(|it| it.as_bytes())),
            expected
        );
    }

    #[test]
    fn the_stricter_of_the_words_counts_in_any_case_and_place() {
        check(&[], Freshness::Any);
        check(&["max-age=0", "no-cachet, xno-store"], Freshness::Any);
        check(&["no-cache"], Freshness::New);
        check(&["max-age=0,  No-Cache "], Freshness::New);
        check(&["no-cache=\"x\""], Freshness::New);
        check(&["no-cache, no-store"], Freshness::Unkept);
        check(&["no-store", "no-cache"], Freshness::Unkept);
    }

    #[test]
    fn the_header_says_where_an_answer_came_from() {
        let ms = Duration::from_millis;
        let said = |served: Served| served.to_string();
        assert_eq!(said(Served::Miss { calls: 1 }), "miss; calls=1");
        let hit = |is_negative| Served::Hit {
            age: ms(840),
            is_negative,
        };
        assert_eq!(said(hit(false)), "hit; age_ms=840");
        assert_eq!(said(hit(true)), "hit; negative; age_ms=840");
        assert_eq!(
            said(Served::Joined { waited: ms(12) }),
            "joined; waited_ms=12"
        );
        let bypass = |wanted| Served::Bypass { wanted, calls: 1 };
        assert_eq!(
            said(bypass(Freshness::New)),
            "bypass; reason=no-cache; calls=1"
        );
        assert_eq!(
            said(bypass(Freshness::Unkept)),
            "bypass; reason=no-store; calls=1"
        );
    }
}
