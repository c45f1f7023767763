//! Where each part of a query's text comes from (experience.md, "The engine").
//!
//! Whatever prints `PromQL` says so before it writes: into a formatter that is lost, in a
//! [`Spelled`] it is kept. So there is one printer, and what it says of a text is true of the text.

use std::fmt;

/// What a part of a query's text was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The condition with this index.
    Condition(usize),
    /// The text of a `~` condition.
    Tilde,
    /// `aggregation.method`
    Method,
    /// `aggregation.bucketSizeMillis`
    BucketSize,
    /// The scrape interval that is configured.
    SetInterval,
    /// The scrape interval that a probe has found, or that is assumed.
    Interval,
    /// The rules of the profile.
    Profile,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Condition(index) => return write!(f, "conditions[{index}]"),
            Self::Tilde => "tilde",
            Self::Method => "aggregation.method",
            Self::BucketSize => "aggregation.bucketSizeMillis",
            Self::SetInterval => "config.scrape_interval",
            Self::Interval => "probe.scrape_interval",
            Self::Profile => "profile",
        })
    }
}

/// A part of a text: the bytes `[start, end)`, never none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fragment {
    /// Where it begins.
    pub start: usize,
    /// Where the next one begins, or the text ends.
    pub end: usize,
    /// What it was made of.
    pub origin: Origin,
}

/// A text, and its fragments: without gap or overlap, and no two neighbours of one origin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spelled {
    /// The `PromQL`.
    pub text: String,
    /// What it was made of.
    pub fragments: Vec<Fragment>,
}

impl Spelled {
    /// A text that comes from one origin.
    #[must_use]
    pub fn of(text: impl Into<String>, origin: Origin) -> Self {
        let text = text.into();
        let end = text.len();
        let whole = Fragment {
            start: 0,
            end,
            origin,
        };
        Self {
            fragments: (end > 0).then_some(whole).into_iter().collect(),
            text,
        }
    }

    /// The same with `text` behind it.
    #[must_use]
    pub fn and(mut self, text: &str, origin: Origin) -> Self {
        self.put(text, origin);
        self
    }

    /// The same with another text behind it.
    #[must_use]
    pub fn join(mut self, other: &Self) -> Self {
        for fragment in &other.fragments {
            self.put(&other.text[fragment.start..fragment.end], fragment.origin);
        }
        self
    }

    /// Adds `text`.
    pub fn put(&mut self, text: &str, origin: Origin) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        let end = self.text.len();
        match self.fragments.last_mut() {
            Some(last) if last.origin == origin => last.end = end,
            _ => self.fragments.push(Fragment { start, end, origin }),
        }
    }
}

/// Prints something into a text of its own.
pub(super) fn spelled(print: impl FnOnce(&mut dyn Ink) -> fmt::Result) -> Spelled {
    let mut pen = Pen {
        spelled: Spelled::default(),
        origin: Origin::Profile,
    };
    // Writing into a string does not fail.
    let _ = print(&mut pen);
    pen.spelled
}

/// What `PromQL` is printed into.
pub(super) trait Ink: fmt::Write {
    /// What is written from here on comes from `origin`.
    fn mark(&mut self, origin: Origin);
}

impl Ink for fmt::Formatter<'_> {
    fn mark(&mut self, _: Origin) {}
}

struct Pen {
    spelled: Spelled,
    origin: Origin,
}

impl fmt::Write for Pen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.spelled.put(text, self.origin);
        Ok(())
    }
}

impl Ink for Pen {
    fn mark(&mut self, origin: Origin) {
        self.origin = origin;
    }
}

/// Writes `text`, which comes from `origin`.
pub(super) fn put(ink: &mut dyn Ink, origin: Origin, text: impl fmt::Display) -> fmt::Result {
    ink.mark(origin);
    write!(ink, "{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Expr;
    use crate::promql::Matcher;
    use crate::promql::Selector;
    use crate::promql::conjoin::Bounds;
    use crate::promql::conjoin::conjoin;
    use crate::time::Millis;

    fn shown(spelled: &Spelled) -> Vec<(&str, String)> {
        let of = |it: &Fragment| (&spelled.text[it.start..it.end], it.origin.to_string());
        let shown: Vec<(&str, String)> = spelled.fragments.iter().map(of).collect();
        let joined: String = shown.iter().map(|(text, _)| *text).collect();
        assert_eq!(joined, spelled.text);
        shown
    }

    #[track_caller]
    fn check(spelled: &Spelled, expected: &[(&str, &str)]) {
        let expected: Vec<(&str, String)> = expected
            .iter()
            .map(|(text, origin)| (*text, (*origin).to_owned()))
            .collect();
        assert_eq!(shown(spelled), expected);
    }

    #[test]
    fn each_part_of_our_own_queries_says_what_it_was_made_of() {
        let selector =
            Selector::of_condition("m", 1).and(Matcher::equal("job", "x").of_condition(0));
        let expr = Expr::call("max_over_time", Expr::window(&selector, Millis::MINUTE)).sum();
        assert_eq!(expr.to_string(), expr.spelled().text);
        check(
            &expr.spelled(),
            &[
                ("sum(max_over_time(", "aggregation.method"),
                (r#"{__name__="m""#, "conditions[1]"),
                (r#",job="x"}"#, "conditions[0]"),
                ("[60000ms]", "aggregation.bucketSizeMillis"),
                (" offset 1ms", "profile"),
                ("))", "aggregation.method"),
            ],
        );
    }

    #[test]
    fn what_is_added_to_a_callers_query_is_told_from_it() {
        let bounds = Bounds {
            depth: 50,
            length: 1_000,
        };
        let added = [Matcher::equal("job", "x").of_condition(2)];
        let conjoined = conjoin(r#"sum(rate(up{a="b"}[5m])) / 2"#, &added, bounds);
        check(
            &conjoined.expect("parses").text,
            &[
                (r#"sum(rate(up{a="b""#, "tilde"),
                (r#",job="x""#, "conditions[2]"),
                ("}[5m])) / 2", "tilde"),
            ],
        );
    }
}
