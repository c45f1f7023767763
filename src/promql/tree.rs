//! A parsed query of a caller, in a form whose equality is equality of meaning and whose text is
//! written by our own escaper.
//!
//! Left out on purpose, so that two ways to write one query are one tree: an empty `by ()` or
//! `ignoring ()`, and whether a metric name stands before the braces or within.

mod print;
mod read;

use std::time::Duration;

use crate::promql::Matcher;

pub(super) use read::read;

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    /// A number, as it is printed.
    Number(String),
    /// A string.
    Text(String),
    /// A vector or range selector.
    Selector(Selector),
    /// A function.
    Call(String, Vec<Tree>),
    /// An aggregation; its parameter, if any, is the first argument.
    Aggregation {
        operator: String,
        grouping: Option<Labels>,
        arguments: Vec<Tree>,
    },
    /// An operator between two operands.
    Binary {
        operator: String,
        matching: Matching,
        operands: Box<(Tree, Tree)>,
    },
    /// `-inner`
    Negation(Box<Tree>),
    /// `(inner)`
    Parentheses(Box<Tree>),
    /// `inner[range:step]`
    Subquery {
        inner: Box<Tree>,
        range: Duration,
        step: Option<Duration>,
        when: When,
    },
}

/// What a selector selects.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selector {
    /// The alternatives of an `or` inside braces, at least one; a metric name is the first matcher
    /// of each.
    pub(super) alternatives: Vec<Vec<Matcher>>,
    pub(super) range: Option<Duration>,
    pub(super) when: When,
}

/// The `@` and `offset` of a selector or subquery.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct When {
    pub(super) at: Option<At>,
    /// Whether it is negative, and how long.
    pub(super) offset: Option<(bool, Duration)>,
}

/// The instant behind `@`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum At {
    Start,
    End,
    /// Milliseconds since 1970.
    Millis(i64),
}

/// Label names behind a keyword: `by (…)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Labels {
    pub(super) keyword: &'static str,
    pub(super) names: Vec<String>,
}

/// How the two sides of an operator find each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Matching {
    pub(super) returns_bool: bool,
    pub(super) on: Option<Labels>,
    pub(super) group: Option<Labels>,
    /// Values for missing partners, left and right, as they are printed.
    pub(super) fill: (Option<String>, Option<String>),
}

impl Tree {
    /// Calls `visit` for each vector selector, from left to right.
    pub(super) fn selectors_mut(&mut self, visit: &mut impl FnMut(&mut Selector)) {
        match self {
            Self::Number(_) | Self::Text(_) => {}
            Self::Selector(selector) => visit(selector),
            Self::Call(_, arguments) | Self::Aggregation { arguments, .. } => {
                for argument in arguments {
                    argument.selectors_mut(visit);
                }
            }
            Self::Binary { operands, .. } => {
                operands.0.selectors_mut(visit);
                operands.1.selectors_mut(visit);
            }
            Self::Negation(inner) | Self::Parentheses(inner) | Self::Subquery { inner, .. } => {
                inner.selectors_mut(visit);
            }
        }
    }
}
